// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors
import Testing

@Suite("A cache gives the logits of the whole sequence")
struct CacheTests {
    @Test("in pieces of any size, with and without an adapter", arguments: GoldenModel.all, [1, 2, 3, 7])
    func pieces(_ golden: GoldenModel, size: Int) throws {
        for model in [try golden.model(), try golden.adapted()] {
            let ids = try #require(try golden.rows().rows.map(\.ids).max { $0.count < $1.count })
            let whole = try model.logits(TokenBatch(rows: [ids]))
            let cache = try KVCache(model.configuration, capacity: ids.count)
            var pieces: [Float] = []
            for start in stride(from: 0, to: ids.count, by: size) {
                let part = Array(ids[start..<min(ids.count, start + size)])
                pieces += try model.extend(part, cache: cache, logits: .all).values
            }
            #expect(cache.count == ids.count)
            #expect(relativeDifference(pieces, whole.values) < 1e-5)
        }
    }

    @Test("sequences of different lengths side by side", arguments: GoldenModel.all)
    func sideBySide(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let rows = try golden.rows().rows.map(\.ids)
        let caches = try rows.map { _ in try KVCache(model.configuration, capacity: 16) }
        let last = try model.extend(zip(rows, caches).map { (tokens: $0, cache: $1) })
        let next = try model.extend(zip(rows, caches).map { (tokens: [$0[0]], cache: $1) })
        let width = model.configuration.vocabularySize
        for (index, ids) in rows.enumerated() {
            let alone = try model.logits(TokenBatch(rows: [ids + [ids[0]]])).values
            let range = index * width..<(index + 1) * width
            let end = alone.count
            #expect(relativeDifference(Array(last.values[range]), Array(alone[end - 2 * width..<end - width])) < 1e-5)
            #expect(relativeDifference(Array(next.values[range]), Array(alone[(end - width)...])) < 1e-5)
        }
    }

    @Test("a fork and a truncated cache go their own ways", arguments: GoldenModel.all)
    func forks(_ golden: GoldenModel) throws {
        let model = try golden.model()
        let cache = try KVCache(model.configuration, capacity: 8)
        _ = try model.extend([1, 2, 3], cache: cache, logits: .none)
        let fork = try cache.fork(capacity: 5)
        let first = try model.extend([4, 5], cache: fork, logits: .all).values
        _ = try model.extend([7, 7, 7], cache: cache)
        cache.truncate(to: 3)
        let again = try model.extend([4, 5], cache: cache, logits: .all).values
        #expect(relativeDifference(again, first) < 1e-6)
        #expect(fork.count == 5 && fork.capacity == 5)
    }

    @Test("what does not fit is refused and changes nothing")
    func refusals() throws {
        let model = try GoldenModel.all[0].model()
        let cache = try KVCache(model.configuration, capacity: 2)
        func code(_ body: () throws -> Void) -> LlamaError.Code? {
            do { try body() } catch { return (error as? LlamaError)?.code }
            return nil
        }
        #expect(code { _ = try model.extend([1, 2, 3], cache: cache) } == .invalidCache)
        #expect(
            code { _ = try model.extend([(tokens: [1], cache: cache), (tokens: [1], cache: cache)]) } == .invalidCache)
        #expect(code { _ = try model.extend([], cache: cache) } == .invalidBatch)
        #expect(code { _ = try model.extend([19], cache: cache) } == .invalidBatch)
        #expect(code { _ = try model.extend([-1], cache: cache) } == .invalidBatch)
        #expect(code { _ = try KVCache(model.configuration, capacity: 33) } == .invalidCache)
        #expect(code { _ = try KVCache(model.configuration, capacity: 0) } == .invalidCache)
        let other = try KVCache(GoldenModel.all[1].model().configuration, capacity: 2)
        #expect(code { _ = try model.extend([1], cache: other) } == .invalidCache)
        #expect(cache.count == 0)
    }
}
