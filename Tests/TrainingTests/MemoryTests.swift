// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import Testing

@testable import Training

@Suite("A run that cannot fit is refused before it starts")
struct MemoryTests {
    private func sevenBillion() throws -> LlamaConfiguration {
        try LlamaConfiguration(
            vocabularySize: 32000, hiddenSize: 4096, intermediateSize: 11008, layerCount: 32, headCount: 32,
            maxPositions: 4096)
    }

    @Test("parts follow from the recipe alone: nothing is allocated for a model of seven billion weights")
    func parts() throws {
        let full = try TrainingRecipe(stage: .pretrain)
        let plan = TrainingMemory(try sevenBillion(), full, tokens: 2048, longest: 2048, threads: 2)
        #expect(plan.bytes[.weights] == 4 * 6_738_415_616)
        #expect(plan.bytes[.gradients] == plan.bytes[.weights])
        #expect(plan.bytes[.moments] == 8 * 6_738_415_616)
        #expect(plan.bytes[.packedWeights] == nil && plan.bytes[.adapter] == nil)
        #expect(plan.total == plan.bytes.values.reduce(0, +))

        var overrides = TrainingRecipe.Overrides()
        overrides.precision = .bfloat16
        overrides.lora = .init(rank: 8, alpha: 16)
        let adapter = TrainingMemory(
            try sevenBillion(), try TrainingRecipe(stage: .pretrain, overrides: overrides), tokens: 2048,
            longest: 2048, threads: 2)
        #expect(adapter.bytes[.adapter] == 4 * 19_988_480)
        #expect(adapter.bytes[.moments] == 8 * 19_988_480)
        let packed = try #require(adapter.bytes[.packedWeights])
        #expect(packed == 4 * (6_738_415_616 - (32000 + 65) * 4096))
        #expect(
            try #require(adapter.bytes[.activations]) < (try #require(plan.bytes[.activations])),
            "activations are kept in bfloat16")
        overrides.recompute = .block
        let recomputed = TrainingMemory(
            try sevenBillion(), try TrainingRecipe(stage: .pretrain, overrides: overrides), tokens: 2048,
            longest: 2048, threads: 2)
        #expect(4 * (try #require(recomputed.bytes[.activations])) < (try #require(adapter.bytes[.activations])))
    }

    @Test("the error says how much is missing and what would help")
    func refused() throws {
        let recipe = try TinyRun.recipe()
        func trainer(_ available: Int?) throws -> Trainer {
            try Trainer(
                model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), availableMemory: available)
        }
        let need = try trainer(nil).memory.beyondModel
        _ = try trainer(need)
        let error = #expect(throws: TrainingError.self) { try trainer(need - 1) }
        #expect(error?.code == .memory && error?.remedy.contains("recompute") == true)
        #expect(error?.problem.contains("GB are available") == true)
    }

    @Test("what is available: the machine's, or the control group's where that is less")
    func available() throws {
        #expect(try #require(MemoryLimit.available()) > 0)
        #expect(MemoryLimit.machine("MemTotal: 9 kB\nMemAvailable:   2048 kB\n") == 2 << 20)
        let two = ["memory.max": "1000\n", "memory.current": "700\n", "memory.stat": "anon 9\ninactive_file 50\n"]
        #expect(MemoryLimit.group { path in two[String(path.split(separator: "/").last ?? "")] } == 350)
        let unlimited = ["memory.max": "max\n", "memory.current": "700\n"]
        #expect(MemoryLimit.group { path in unlimited[String(path.split(separator: "/").last ?? "")] } == nil)
        let one = [
            "memory.limit_in_bytes": "5000", "memory.usage_in_bytes": "6000", "memory.stat": "total_inactive_file 7",
        ]
        #expect(MemoryLimit.group { path in one[String(path.split(separator: "/").last ?? "")] } == 0)
    }
}
