// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import Testing

@testable import Llama

@Suite("An adapter over a base in blocks trains as over the same weights in float32")
struct StoredBaseTests {
    struct Case: Sendable {
        var precision = LlamaPrecision.float32
        var format = WeightFormat.q8
        var dropout = 0.0
        var recompute = false
        var tied = false
        /// Of 100, rows of the last projection are no whole blocks and are kept in float16.
        var intermediate = 416
        /// Less than a block of the product's depth, and more.
        var hidden = 96
    }

    static let cases = LlamaPrecision.allCases.flatMap { precision in
        [
            Case(precision: precision), Case(precision: precision, hidden: 416),
            Case(precision: precision, dropout: 0.2, recompute: true, tied: true),
            Case(precision: precision, recompute: true, intermediate: 100),
            Case(precision: precision, format: .q4, intermediate: 1184),
        ]
    }

    /// The folder of a model in blocks, gone afterwards.
    static func withFolder<R>(_ weights: LlamaWeights, _ format: WeightFormat, _ body: (URL) throws -> R) throws -> R {
        let root = FileManager.default.temporaryDirectory.appending(path: "stored-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let (plain, folder) = (root.appending(path: "plain"), root.appending(path: "blocks"))
        try LlamaCheckpoint.save(weights, to: plain)
        try ModelConversion.convert(ModelSource(plain), to: folder, container: .gguf, format: format)
        return try body(folder)
    }

    static func weights(tied: Bool, hidden: Int, intermediate: Int) throws -> LlamaWeights {
        try LlamaWeights(
            random: LlamaConfiguration(
                vocabularySize: 301, hiddenSize: hidden, intermediateSize: intermediate, layerCount: 2, headCount: 4,
                keyValueHeadCount: 2, maxPositions: 128, tieWordEmbeddings: tied, initializerRange: 0.08), seed: 4)
    }

    @Test(
        "one step's losses and gradients: equal in bfloat16, to the order of sums in float32; whatever the threads",
        arguments: cases)
    func step(_ test: Case) throws {
        let weights = try Self.weights(tied: test.tied, hidden: test.hidden, intermediate: test.intermediate)
        try Self.withFolder(weights, test.format) { folder in
            let adapter = try Self.adapter(weights.configuration, dropout: test.dropout)
            var plain = try LlamaModel(LlamaCheckpoint.load(folder), adapter: adapter)
            var stored = try LlamaModel(LlamaCheckpoint.loadBase(folder), adapter: adapter)
            #expect(stored.weights.stored != nil && plain.weights.stored == nil)
            #expect(try LlamaCheckpoint.keptBytes(folder) == stored.weights.bytes)
            #expect(ModelConversion.keptBytes(weights.configuration, test.format) == stored.weights.bytes)
            (plain.precision, stored.precision) = (test.precision, test.precision)
            let batch = try TokenBatch(
                rows: [37, 60, 5].map { length in (0..<length).map { Int32($0 * 13 % 301) } })
            func step(_ model: LlamaModel) throws -> (LossSum, [Float]) {
                var gradients = try LlamaGradients(for: model)
                let loss = try model.forwardBackward(
                    batch, gradients: &gradients, scale: 1 / Double(batch.targetCount), dropoutSeed: 3,
                    recompute: test.recompute)
                return (loss, gradients.parameters.withUnsafeValues { Array($0) })
            }
            let (expected, found) = (try step(plain), try step(stored))
            #expect(expected.1.contains { $0 != 0 })
            if test.precision == .bfloat16 {
                #expect(found.0 == expected.0)
                #expect(found.1 == expected.1)
                #expect(try stored.logits(batch).values == plain.logits(batch).values)
            } else {
                #expect(abs(found.0.mean - expected.0.mean) < 1e-6 * expected.0.mean)
                let largest = expected.1.map(abs).max() ?? 0
                let worst = zip(found.1, expected.1).map { abs($0 - $1) }.max() ?? .infinity
                // Sums of up to 416 products in another order, in float32.
                #expect(worst <= 5e-6 * largest, "\(worst) of \(largest)")
            }
        }
    }

    @Test("without an adapter they are not trained, merged or written, but computed with")
    func frozen() throws {
        let weights = try Self.weights(tied: false, hidden: 96, intermediate: 160)
        try Self.withFolder(weights, .q8) { folder in
            let stored = try LlamaModel(LlamaCheckpoint.loadBase(folder))
            let batch = try TokenBatch(rows: [[1, 2, 3, 4]])
            var gradients = try LlamaGradients(for: stored)
            let error = #expect(throws: LlamaError.self) {
                try stored.forwardBackward(batch, gradients: &gradients, scale: 1)
            }
            #expect(error?.code == .invalidAdapter && error?.description.contains("adapter") == true)
            let adapter = try Self.adapter(weights.configuration, dropout: 0)
            #expect(throws: LlamaError.self) { try adapter.merge(into: stored.weights) }
            #expect(throws: CheckpointError.self) {
                try LlamaCheckpoint.save(stored.weights, to: folder.appending(path: "again"))
            }
            let plain = try LlamaModel(LlamaCheckpoint.load(folder)).loss(batch)
            #expect(abs(try stored.loss(batch).mean - plain.mean) < 1e-5 * plain.mean)
        }
    }

    private static func adapter(_ c: LlamaConfiguration, dropout: Double) throws -> LoRAAdapter {
        let settings = try LoRAConfiguration(rank: 3, alpha: 5, dropout: dropout, targets: LoRATarget.allCases)
        var adapter = try LoRAAdapter(zeros: settings, for: c)
        adapter.parameters.withUnsafeMutableValues { values in
            var generator = Xoshiro256(seed: 8)
            generator.fillNormal(values, deviation: 0.1)
        }
        return adapter
    }
}
