// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Collectives
import Corpora
import Foundation
import OracleSupport
import Testing

@testable import Training

@Suite(
    "Ranks take the reference library's step", .timeLimit(.minutes(5)),
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"),
    .enabled(if: RankLaunch.isOffered, "mpirun is not installed"))
struct RankOracleTests {
    private func each(_ body: (RankRun, TrainerOracleTests.Accumulation) throws -> Void) throws {
        let found = OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("hf/config.json") && $0.holds("accumulation.json")
        }
        #expect(!found.isEmpty)
        for oracle in found {
            let expected = try oracle.appending(path: "accumulation.json")
                .snakeCaseJSON(as: TrainerOracleTests.Accumulation.self)
            try TinyRun.withFolder { folder in
                let weights = try LlamaCheckpoint.load(oracle.appending(path: "hf"))
                let rows = (0..<4).flatMap { _ in expected.microBatches.map { TokenSequence(ids: $0) } }
                try body(RankRun(folder, model: weights, rows: rows), expected)
            }
        }
    }

    private func recipe(ranks: Int, accumulation: Int, steps: Int) throws -> TrainingRecipe {
        var overrides = TrainingRecipe.Overrides()
        (overrides.maxSteps, overrides.microBatch, overrides.shuffle) = (steps, 1, false)
        (overrides.accumulation, overrides.ranks) = (accumulation, ranks)
        (overrides.learningRate, overrides.warmupSteps, overrides.checkpointEvery) = (1e-3, 0, 0)
        return try TrainingRecipe(stage: .pretrain, overrides: overrides)
    }

    @Test("Unequal micro-batches on 2 and 4 ranks: the loss and norm of one token-weighted batch", arguments: [2, 4])
    func reference(ranks: Int) throws {
        try each { run, expected in
            let plan = run.plan(try recipe(ranks: ranks, accumulation: 4 / ranks, steps: 1))
            let reports = try run.train(plan).events.compactMap { if case .step(let step) = $0 { step } else { nil } }
            let step = try #require(reports.first)
            #expect(abs(step.loss - expected.lossTokenWeighted) <= 1e-4)
            #expect(abs(step.gradientNorm - expected.gradNormTokenWeighted) <= 1e-4 * expected.gradNormTokenWeighted)
        }
    }

    @Test("1 rank of 16 micro-batches, 2 of 8 and 4 of 4 make the same model")
    func equality() throws {
        try each { run, _ in
            let plans = try [1, 2, 4].map { ranks in
                run.plan(try recipe(ranks: ranks, accumulation: 16 / ranks, steps: 5), result: "by-\(ranks)")
            }
            _ = try run.trainAlone(plans[0])
            for plan in plans.dropFirst() { _ = try run.train(plan) }
            let files = plans.map { URL(filePath: $0.result).appending(path: "model.safetensors") }
            for (plan, file) in zip(plans, files).dropFirst() {
                let difference = try RankRun.compare(file, files[0])
                #expect(
                    difference.worst <= 2e-4 && difference.close >= 0.999, "\(plan.recipe.ranks) ranks: \(difference)")
            }
        }
    }
}
