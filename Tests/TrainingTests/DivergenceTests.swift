// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Llama
import Tensors
import Testing

@testable import Training

@Suite("A run that diverges stops with the step and the batch, and can be told not to")
struct DivergenceTests {
    /// Rows that count up, which a model learns to predict, and one that does not.
    private func dataset(rows: Int, odd: Int) throws -> TokenDataset {
        var generator = Xoshiro256(seed: 4)
        return try TokenDataset(
            rows: (0..<rows).map { index in
                let start = Int32(generator.next() % UInt64(TinyRun.vocabulary))
                let size = Int32(TinyRun.vocabulary)
                let ids = (0..<Int32(16)).map { (start + (index == odd ? 23 * $0 * $0 : $0)) % size }
                return TokenSequence(ids: ids, domain: index % 2 == 0 ? .clinical : .general)
            })
    }

    private func recipe(_ change: (inout TrainingRecipe.Overrides) -> Void) throws -> TrainingRecipe {
        try TinyRun.recipe {
            ($0.schedule, $0.warmupRatio, $0.warmupSteps, $0.shuffle) = (.constant, nil, 0, false)
            ($0.microBatch, $0.accumulation, $0.epochs, $0.checkpointEvery) = (1, 2, 1, 0)
            change(&$0)
        }
    }

    @Test("One odd row among those that are known by now", arguments: TrainingRecipe.Precision.allCases)
    func oddRow(precision: TrainingRecipe.Precision) throws {
        let dataset = try dataset(rows: 800, odd: 701)
        func run(_ deviations: Double?) throws -> Int {
            let recipe = try recipe { ($0.spikeDeviations, $0.precision) = (deviations, precision) }
            var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: dataset)
            guard case .completed(let result) = try trainer.run() else { return 0 }
            return result.steps
        }
        let error = #expect(throws: TrainingError.self) { try run(nil) }
        // Rows 700 and 701, two batches of one row: step 351, counted from 1.
        #expect(error?.code == .diverged && error?.subject == "step 351", "\(String(describing: error))")
        #expect(error?.problem.contains("batch 2 of 2 (dataset row 701; general)") == true)
        #expect(error?.remedy.contains("spikeDeviations (0 turns this check off)") == true)
        #expect(try run(0) == 400)
    }

    @Test("An absurd learning rate")
    func absurdRate() throws {
        func run(_ rate: Double, _ deviations: Double?) throws -> Int {
            let recipe = try TinyRun.recipe {
                ($0.learningRate, $0.spikeDeviations) = (rate, deviations)
                ($0.schedule, $0.epochs, $0.maxSteps) = (.constant, nil, 40)
                ($0.warmupRatio, $0.warmupSteps, $0.clipNorm) = (nil, 0, 0)
            }
            var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: dataset(rows: 60, odd: -1))
            guard case .completed(let result) = try trainer.run() else { return 0 }
            return result.steps
        }
        #expect(try run(1e-3, nil) == 40)
        let error = #expect(throws: TrainingError.self) { try run(10, nil) }
        #expect(error?.code == .diverged && error?.subject.hasPrefix("step ") == true)
        #expect(error?.problem.contains("dataset rows ") == true, "\(String(describing: error))")
        #expect(error?.remedy.contains("learningRate") == true)
    }

    @Test("The limit: 6 standard deviations, half a nat at least, twice the first loss or guessing in the beginning")
    func rule() {
        let rule = SpikeRule(deviations: 6, vocabularySize: 100)
        let noisy = (0..<200).map { 2 + ($0 % 2 == 0 ? 0.1 : -0.1) }
        // The deviation of ±0.1 over 128 losses is 0.1 · √(128/127).
        let limit = 2 + 0.6 * (128.0 / 127).squareRoot()
        #expect(rule.limit(brokenBy: limit + 1e-9, after: noisy).map { abs($0 - limit) < 1e-9 } == true)
        #expect(rule.limit(brokenBy: limit - 1e-9, after: noisy) == nil)
        let quiet = [Double](repeating: 0.01, count: 64)
        #expect(rule.limit(brokenBy: 0.5, after: quiet) == nil && rule.limit(brokenBy: 0.52, after: quiet) != nil)
        // What is older than 128 steps is forgotten.
        #expect(rule.limit(brokenBy: 1, after: [Double](repeating: 9, count: 100) + quiet + quiet) != nil)
        let guess = 2 * log(100.0)
        #expect(rule.limit(brokenBy: guess + 0.01, after: [2, 2]) != nil)
        #expect(rule.limit(brokenBy: guess, after: [2]) == nil)
        #expect(rule.limit(brokenBy: 19, after: [10]) == nil && rule.limit(brokenBy: 21, after: [10]) != nil)
        #expect(rule.limit(brokenBy: 1e9, after: []) == nil)
        #expect(SpikeRule(deviations: 0, vocabularySize: 100).limit(brokenBy: 1e9, after: noisy) == nil)
    }
}
