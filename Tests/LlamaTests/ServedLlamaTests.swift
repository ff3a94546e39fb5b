// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Llama
import Tensors
import Testing

@Suite("A served model computes what the model computes")
struct ServedLlamaTests {
    /// How far a format may be from the same weights in float32, relative to the largest logit.
    static func allowed(_ format: PanelFormat) -> Double { format == .float32 ? 1e-5 : 3e-2 }

    @Test("logits of random weights", arguments: PanelFormat.allCases, [false, true])
    func logits(_ format: PanelFormat, tied: Bool) throws {
        let configuration = try ServedModels.configuration(tied: tied)
        let weights = ServedModels.rounded(try LlamaWeights(random: configuration, seed: 7), format)
        let tokens = ServedModels.tokens(70)
        let want = try LlamaModel(weights).logits(TokenBatch(rows: [tokens])).values
        let got = try ServedModels.logits(ServedModels.served(format, tied: tied), tokens, pieces: 40)
        #expect(relativeDifference(got, want) < Self.allowed(format))
    }

    @Test("what the plain cache computes, token by token, side by side")
    func plainCache() throws {
        let weights = try LlamaWeights(random: ServedModels.configuration(), seed: 7)
        let (plain, served) = (try LlamaModel(weights), try ServedModels.served(.float32))
        let rows = [ServedModels.tokens(9), ServedModels.tokens(40, seed: 2)]
        let plainCaches = try rows.map { _ in try KVCache(weights.configuration, capacity: 64) }
        let caches = rows.map { _ in served.makeCache() }
        for step in 0..<12 {
            let tokens = rows.map { step == 0 ? $0 : [$0[step % 9]] }
            let want = try plain.extend(zip(tokens, plainCaches).map { (tokens: $0, cache: $1) })
            let got = try served.extend(zip(tokens, caches).map { ServedStep(tokens: $0, cache: $1) })
            #expect(relativeDifference(got, want) < 1e-5, "step \(step)")
        }
    }

    @Test("a token sees the window's tokens and no more")
    func window() throws {
        let configuration = try LlamaConfiguration(
            vocabularySize: 101, hiddenSize: 64, intermediateSize: 96, layerCount: 1, headCount: 4, slidingWindow: 40,
            initializerRange: 0.1)
        let weights = try LlamaWeights(random: configuration, seed: 3)
        let model = try ServedLlama(MemoryWeights(weights), format: .float32, cacheBytes: 1 << 24)
        let tokens = ServedModels.tokens(150)
        let got = try ServedModels.logits(model, tokens, pieces: 150)
        for size in [1, 33] { #expect(try ServedModels.logits(model, tokens, pieces: size) == got) }
        for position in [5, 39, 40, 41, 100, 149] {
            // In one layer, the window alone as a sequence of its own: only distances count.
            let seen = Array(tokens[max(0, position - 39)...position])
            let want = try LlamaModel(weights).logits(TokenBatch(rows: [seen])).values.suffix(101)
            let row = Array(got[position * 101..<(position + 1) * 101])
            #expect(relativeDifference(row, Array(want)) < 1e-5, "position \(position)")
        }
    }

    @Test("logits of the goldens, with and without their adapter", arguments: GoldenModel.all)
    func goldens(_ golden: GoldenModel) throws {
        let ids = try #require(try golden.rows().rows.map(\.ids).max { $0.count < $1.count })
        for adapted in [false, true] {
            let model = adapted ? try golden.adapted() : try golden.model()
            let want = try model.logits(TokenBatch(rows: [ids])).values
            let served = try ServedLlama(CheckpointWeights(golden.folder), format: .float32, cacheBytes: 1 << 22)
            let adapter = try model.adapter.map { try ServedAdapter($0) }
            let got = try ServedModels.logits(served, ids, pieces: ids.count, adapter: adapter)
            #expect(relativeDifference(got, want) < 1e-5)
        }
    }

    @Test("an adapter is added to every format", arguments: PanelFormat.allCases)
    func adapter(_ format: PanelFormat) throws {
        let configuration = try ServedModels.configuration()
        let weights = try LlamaWeights(random: configuration, seed: 7)
        let adapter = try ServedModels.adapter(configuration, seed: 1, targets: LoRATarget.allCases)
        let tokens = ServedModels.tokens(40)
        let model = try LlamaModel(ServedModels.rounded(weights, format), adapter: adapter)
        let want = try model.logits(TokenBatch(rows: [tokens])).values
        let got = try ServedModels.logits(
            ServedModels.served(format), tokens, pieces: 7, adapter: ServedAdapter(adapter))
        #expect(relativeDifference(got, want) < Self.allowed(format))
    }

    @Test("a fork shares whole pages, goes its own way, and gives back what it took", arguments: [20, 32, 45, 64])
    func forks(_ shared: Int) throws {
        let model = try ServedModels.served(.float32, pages: 12)
        let tokens = ServedModels.tokens(70)
        let (first, second) = (ServedModels.tokens(9, seed: 5), ServedModels.tokens(12, seed: 6))
        let cache = model.makeCache()
        _ = try model.extend([ServedStep(tokens: tokens, cache: cache, logits: .none)])
        #expect(model.pool.free == 9)
        do {
            let fork = try cache.fork(count: shared)
            #expect(model.pool.free == 9 - (shared % 32 > 0 ? 1 : 0))
            cache.truncate(to: shared)
            let got = try model.extend([
                ServedStep(tokens: first, cache: cache, logits: .all),
                ServedStep(tokens: second, cache: fork, logits: .all),
            ]).values
            let width = model.configuration.vocabularySize
            let want = try [first, second].flatMap {
                try ServedModels.logits(model, tokens[..<shared] + $0, pieces: 1000).suffix($0.count * width)
            }
            #expect(got == want)
            #expect(cache.count == shared + 9 && fork.count == shared + 12)
        }
        cache.truncate(to: 0)
        #expect(model.pool.free == 12)
    }

    @Test("writing after a cut in a shared page leaves the other's tokens alone")
    func copyOnWrite() throws {
        let model = try ServedModels.served(.float32)
        let tokens = ServedModels.tokens(64)
        let cache = model.makeCache()
        _ = try model.extend([ServedStep(tokens: tokens, cache: cache, logits: .none)])
        let fork = try cache.fork(count: 64)
        cache.truncate(to: 50)
        _ = try model.extend([ServedStep(tokens: ServedModels.tokens(14, seed: 9), cache: cache, logits: .none)])
        let got = try model.extend([ServedStep(tokens: [3], cache: fork)]).values
        let want = try ServedModels.logits(model, tokens + [3], pieces: 65).suffix(got.count)
        #expect(got == Array(want))
    }

    @Test("what does not fit is refused and changes nothing")
    func refusals() throws {
        let model = try ServedModels.served(.float32, pages: 3, maxPositions: 200)
        func code(_ steps: [ServedStep]) -> LlamaError.Code? {
            do { _ = try model.extend(steps) } catch { return error.code }
            return nil
        }
        let (cache, other) = (model.makeCache(), model.makeCache())
        #expect(code([ServedStep(tokens: ServedModels.tokens(40), cache: cache)]) == nil)
        #expect(model.pool.free == 1)
        #expect(code([]) == .invalidBatch)
        #expect(code([ServedStep(tokens: [], cache: cache)]) == .invalidBatch)
        #expect(code([ServedStep(tokens: [101], cache: cache)]) == .invalidBatch)
        #expect(code([ServedStep(tokens: [-1], cache: cache)]) == .invalidBatch)
        #expect(
            code([ServedStep(tokens: [1], cache: cache), ServedStep(tokens: [1], cache: cache)]) == .invalidCache)
        #expect(code([ServedStep(tokens: ServedModels.tokens(170), cache: other)]) == .noPage)
        #expect(
            code([
                ServedStep(tokens: ServedModels.tokens(30), cache: cache),
                ServedStep(tokens: ServedModels.tokens(30), cache: other),
            ]) == .noPage)
        #expect(code([ServedStep(tokens: ServedModels.tokens(161), cache: cache)]) == .invalidCache)
        let foreign = try ServedModels.served(.float32).makeCache()
        #expect(code([ServedStep(tokens: [1], cache: foreign)]) == .invalidCache)
        #expect(cache.count == 40 && other.count == 0 && model.pool.free == 1)
        let small = try LlamaConfiguration(
            vocabularySize: 8, hiddenSize: 4, intermediateSize: 4, layerCount: 1, headCount: 1)
        let adapter = try ServedAdapter(ServedModels.adapter(small, seed: 1, targets: [.query]))
        #expect(code([ServedStep(tokens: [1], cache: cache, adapter: adapter)]) == .invalidAdapter)
        #expect(throws: LlamaError.self) {
            _ = try ServedLlama(
                MemoryWeights(LlamaWeights(random: small, seed: 1)), format: .float32, cacheBytes: 10)
        }
    }
}
