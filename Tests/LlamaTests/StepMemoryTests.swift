// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Llama
@testable import Tensors

@Suite("The memory of a pass is known before it is taken")
struct StepMemoryTests {
    struct Case: Sendable {
        var precision = LlamaPrecision.float32
        var rank: Int?
        var dropout = 0.0
        var recompute = false
        var rows = [64, 64]
        var intermediate = 688
    }

    static let cases = LlamaPrecision.allCases.flatMap { precision in
        [
            Case(precision: precision), Case(precision: precision, recompute: true),
            Case(precision: precision, rank: 8), Case(precision: precision, rank: 16, dropout: 0.1, recompute: true),
            Case(precision: precision, rows: [301]), Case(precision: precision, rows: [17, 200, 90]),
            Case(precision: precision, rank: 4, rows: [500, 500]), Case(precision: precision, intermediate: 1024),
            Case(precision: precision, rank: 16, dropout: 0.1, intermediate: 1024),
        ]
    }

    @Test("to two parts in a hundred, and not below", arguments: cases)
    func taken(_ test: Case) throws {
        let configuration = try LlamaConfiguration(
            vocabularySize: 3000, hiddenSize: 256, intermediateSize: test.intermediate, layerCount: 3, headCount: 8,
            keyValueHeadCount: 4, maxPositions: 512)
        let adapter = try test.rank.map {
            try LoRAAdapter(
                random: LoRAConfiguration(
                    rank: $0, alpha: 8, dropout: test.dropout, targets: LoRATarget.allCases), for: configuration,
                seed: 1)
        }
        var model = try LlamaModel(LlamaWeights(random: configuration, seed: 1), adapter: adapter)
        model.precision = test.precision
        let batch = try TokenBatch(rows: test.rows.map { length in (0..<length).map { Int32($0 % 3000) } })
        var gradients = try LlamaGradients(for: model)
        _ = try model.forwardBackward(
            batch, gradients: &gradients, scale: 1, dropoutSeed: 1, recompute: test.recompute)
        let planned = StepMemory(
            configuration,
            StepMemory.Work(
                precision: test.precision, rank: test.rank, drops: test.dropout > 0, recompute: test.recompute,
                tokens: batch.tokenCount, longest: test.rows.max() ?? 0, targets: batch.targetCount))
        model.arenas.withArena { arena in
            let taken = Double(arena.mostTaken)
            let ratio = Double(planned.activations + planned.scratch) / 4 / taken
            #expect(ratio > 0.99 && ratio < 1.02, "planned \(ratio) of what was taken")
            #expect(arena.capacity == planned.reserve, "one block held the whole pass")
        }
        #expect((planned.packedWeights > 0) == (test.precision == .bfloat16))
    }
}
