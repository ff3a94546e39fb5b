// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Testing

@testable import Tensors

@Suite("bfloat16 passes")
struct BFloat16Tests {
    /// A model with two query heads a key head, and rows of odd and even lengths longer than a block of queries.
    private func model(
        _ rank: Int? = nil, dropout: Double = 0, targets: [LoRATarget] = LoRATarget.allCases, tied: Bool = false,
        intermediate: Int = 72
    ) throws -> LlamaModel {
        let configuration = try LlamaConfiguration(
            vocabularySize: 70, hiddenSize: 48, intermediateSize: intermediate, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headDimension: 10, maxPositions: 256, tieWordEmbeddings: tied, initializerRange: 0.15)
        let weights = try LlamaWeights(random: configuration, seed: 3)
        guard let rank else { return try LlamaModel(weights) }
        var adapter = try LoRAAdapter(
            random: LoRAConfiguration(rank: rank, alpha: 6, dropout: dropout, targets: targets), for: configuration,
            seed: 4)
        adapter.parameters.withUnsafeMutableValues { values in
            var generator = Xoshiro256(seed: 9)
            for index in values.indices { values[index] += Float(generator.nextUniform() - 0.5) * 0.2 }
        }
        return try LlamaModel(weights, adapter: adapter)
    }

    private func batch() throws -> TokenBatch {
        var generator = Xoshiro256(seed: 5)
        return try TokenBatch(
            rows: [131, 1, 7, 224].map { length in (0..<length).map { _ in Int32(generator.next() % 70) } })
    }

    private func gradients(
        _ model: LlamaModel, _ precision: LlamaPrecision, recompute: Bool = false, dropoutSeed: UInt64? = nil
    ) throws -> (loss: LossSum, gradients: LlamaGradients) {
        var model = model
        model.precision = precision
        let batch = try batch()
        var gradients = try LlamaGradients(for: model)
        let loss = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), dropoutSeed: dropoutSeed,
            recompute: recompute)
        return (loss, gradients)
    }

    private func values(_ gradients: LlamaGradients) -> [Float] { gradients.parameters.withUnsafeValues(Array.init) }

    @Test(
        "gradients near float32's, the same with recomputation",
        arguments: [nil, (3, 0.0), (4, 0.0), (4, 0.3)] as [(Int, Double)?])
    func gradients(_ adapter: (Int, Double)?) throws {
        let model = try model(adapter?.0, dropout: adapter?.1 ?? 0)
        let seed: UInt64? = (adapter?.1 ?? 0) > 0 ? 8 : nil
        let exact = try gradients(model, .float32, dropoutSeed: seed)
        let rounded = try gradients(model, .bfloat16, dropoutSeed: seed)
        #expect(abs(exact.loss.mean - rounded.loss.mean) < 2e-2)
        try expectClose(rounded.gradients, exact.gradients)
        let again = try gradients(model, .bfloat16, recompute: true, dropoutSeed: seed)
        #expect(values(again.gradients) == values(rounded.gradients) && again.loss == rounded.loss)
    }

    /// Each tensor's gradients in bfloat16 against those in float32.
    private func expectClose(_ rounded: LlamaGradients, _ exact: LlamaGradients) throws {
        for entry in exact.parameters.layout.entries {
            let got = try #require(rounded.parameters[entry.name])
            let want = try #require(exact.parameters[entry.name])
            #expect(relativeDifference(got, want) < 5e-2, "\(entry.name)")
        }
    }

    @Test("rows kept apart in memory, where they would compete for the cache", arguments: [nil, 4] as [Int?])
    func apart(_ rank: Int?) throws {
        let model = try model(rank, intermediate: 1024)
        let exact = try gradients(model, .float32)
        let rounded = try gradients(model, .bfloat16)
        try expectClose(rounded.gradients, exact.gradients)
        let again = try gradients(model, .bfloat16, recompute: true)
        #expect(values(again.gradients) == values(rounded.gradients) && again.loss == rounded.loss)
    }

    @Test("gradients that replace what was there are those after zeroing, to the bit", arguments: [nil, 4] as [Int?])
    func replacing(_ rank: Int?) throws {
        for precision in [LlamaPrecision.float32, .bfloat16] {
            for tied in [false, true] {
                var model = try model(rank, tied: tied)
                model.precision = precision
                let batch = try batch()
                var fresh = try LlamaGradients(for: model)
                _ = try model.forwardBackward(batch, gradients: &fresh, scale: 0.01)
                var used = try LlamaGradients(for: model)
                used.parameters.withUnsafeMutableValues { $0.update(repeating: 7) }
                _ = try model.forwardBackward(batch, gradients: &used, replacing: true, scale: 0.01)
                let same = values(used) == values(fresh)
                #expect(same, "\(precision), tied \(tied)")
                // Without targets nothing is computed, and zeros take the place.
                let none = try TokenBatch(rows: [[5], [6]])
                _ = try model.forwardBackward(none, gradients: &used, replacing: true, scale: 0.01)
                let areZero = values(used).allSatisfy { $0 == 0 }
                #expect(areZero)
            }
        }
    }

    @Test("adapters on some projections only")
    func someTargets() throws {
        let model = try model(4, targets: [.key, .up, .down])
        let exact = try gradients(model, .float32)
        let rounded = try gradients(model, .bfloat16)
        try expectClose(rounded.gradients, exact.gradients)
    }

    @Test("a sequence has the same bits in any batch")
    func batchIndependence() throws {
        var model = try model()
        model.precision = .bfloat16
        try model.pack()
        var generator = Xoshiro256(seed: 5)
        let rows = [131, 9].map { length in (0..<length).map { _ in Int32(generator.next() % 70) } }
        let together = try model.loss(TokenBatch(rows: rows))
        #expect(try rows.map { try model.loss(TokenBatch(rows: [$0])).rows[0] } == together.rows)
    }

    @Test("packed weights follow a change of the weights; copies keep theirs")
    func packing() throws {
        var model = try model()
        model.precision = .bfloat16
        let batch = try batch()
        let unpacked = try model.loss(batch)
        try model.pack()
        #expect(try model.loss(batch) == unpacked)
        let copy = model
        model.weights.parameters.withUnsafeMutableValues { values in
            for index in values.indices { values[index] *= 0.5 }
        }
        let changed = try model.loss(batch)
        try model.pack()
        #expect(try model.loss(batch) == changed && changed != unpacked)
        #expect(try copy.loss(batch) == unpacked)
    }

    @Test("the instructions that products are computed with change no bit")
    func paths() throws {
        let model = try model(3)
        let best = try gradients(model, .bfloat16)
        defer { BFloat16Product.use(BFloat16Product.best) }
        for path in BFloat16Product.Path.allCases where path.rawValue < BFloat16Product.best.rawValue {
            BFloat16Product.use(path)
            let other = try gradients(model, .bfloat16)
            #expect(values(other.gradients) == values(best.gradients) && other.loss == best.loss, "\(path)")
        }
    }
}
