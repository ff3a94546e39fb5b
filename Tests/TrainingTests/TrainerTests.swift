// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Llama
import Tensors
import Testing
import Training

@Suite("A trainer learns, counts what it does, and refuses what does not fit before the first step")
struct TrainerTests {
    private func events(_ trainer: inout Trainer) throws -> [TrainingEvent] {
        var events: [TrainingEvent] = []
        _ = try trainer.run(onEvent: { events.append($0) })
        return events
    }

    @Test("The loss falls, steps and tokens add up, held-out rows are scored")
    func learns() throws {
        let recipe = try TinyRun.recipe(epochs: 12) { ($0.evaluateEvery, $0.schedule) = (10, .cosine) }
        let dataset = try TinyRun.dataset()
        var trainer = try Trainer(
            model: TinyRun.model(), recipe: recipe, dataset: dataset, heldOut: ["a": TinyRun.dataset(seed: 99)])
        let before = try #require(try Perplexity.evaluate(trainer.model, TinyRun.dataset(seed: 99))).total
        let events = try events(&trainer)
        let reports = events.compactMap { if case .step(let report) = $0 { report } else { nil } }
        #expect(reports.map(\.step) == Array(1...48))
        #expect(reports[0].learningRate == 0)
        #expect(reports[0].loss > 3 && reports[47].loss < 1.5)
        let perEpoch = try (0..<dataset.count).reduce(0) { try $0 + dataset.length($1) }
        #expect(reports[..<4].reduce(0) { $0 + $1.tokens } == perEpoch)
        #expect(reports.reduce(0) { $0 + $1.tokens } == 12 * perEpoch)
        #expect(reports[46].secondsLeft > 0 && reports[47].secondsLeft == 0)
        let evaluated = events.compactMap {
            if case .evaluated(let step, let result) = $0 { (step, result) } else { nil }
        }
        #expect(evaluated.map(\.0) == [10, 20, 30, 40, 48])
        #expect(try #require(evaluated.last).1.all.perplexity < before.perplexity / 4)
        #expect(evaluated.last?.1.all.tokens == before.tokens)
    }

    @Test("An adapter is trained and the weights under it stay")
    func adapter() throws {
        let weights = try TinyRun.weights()
        var trainer = try Trainer(
            model: LlamaModel(weights), recipe: TinyRun.recipe(dropout: 0.1), dataset: TinyRun.dataset())
        let start = try #require(trainer.model.adapter)
        #expect(start.configuration.dropout == 0.1)
        let result = try events(&trainer)
        #expect(!result.isEmpty)
        let trained = try #require(trainer.model.adapter)
        #expect(
            trained.parameters.withUnsafeValues(Array.init) != start.parameters.withUnsafeValues(Array.init))
        #expect(
            trainer.model.weights.parameters.withUnsafeValues(Array.init)
                == weights.parameters.withUnsafeValues(Array.init))
    }

    @Test("In bfloat16 the loss falls as in float32, full and with an adapter", arguments: [nil, 0.0])
    func precisions(dropout: Double?) throws {
        func losses(_ precision: TrainingRecipe.Precision) throws -> [Double] {
            let recipe = try TinyRun.recipe(epochs: 10, dropout: dropout) { $0.precision = precision }
            var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset())
            guard case .completed(let result) = try trainer.run() else { return [] }
            return result.losses
        }
        let (exact, rounded) = (try losses(.float32), try losses(.bfloat16))
        #expect(exact != rounded && exact.count == rounded.count)
        #expect(zip(exact, rounded).allSatisfy { abs($0 - $1) < 0.03 * $0 })
        #expect(try #require(rounded.last) < 0.9 * rounded[0])
    }

    @Test("A step too small for bfloat16 still moves the float32 masters")
    func masters() throws {
        let recipe = try TinyRun.recipe(epochs: 1) {
            ($0.precision, $0.learningRate, $0.warmupRatio, $0.warmupSteps) = (.bfloat16, 1e-6, nil, 0)
        }
        let before = TinyRun.bytes(try TinyRun.model())
        var trainer = try Trainer(model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset())
        _ = try trainer.run()
        let moved = zip(before, TinyRun.bytes(trainer.model)).count { $0 != $1 }
        #expect(Double(moved) > 0.95 * Double(before.count))
    }

    @Test("Recomputing blocks changes nothing but memory")
    func recompute() throws {
        var kept = try Trainer(model: TinyRun.model(), recipe: TinyRun.recipe(), dataset: TinyRun.dataset())
        var again = try Trainer(
            model: TinyRun.model(), recipe: TinyRun.recipe { $0.recompute = .block }, dataset: TinyRun.dataset())
        _ = try (events(&kept), events(&again))
        #expect(TinyRun.bytes(kept.model) == TinyRun.bytes(again.model))
    }

    @Test("Rows that do not fit are one error before the first step")
    func badRows() throws {
        func error(_ rows: [TokenSequence], _ change: (inout TrainingRecipe.Overrides) -> Void = { _ in })
            throws -> TrainingError?
        {
            let recipe = try TinyRun.recipe(change)
            let dataset = try TokenDataset(rows: [TokenSequence(ids: [1, 2])] + rows)
            return #expect(throws: TrainingError.self) {
                try Trainer(model: TinyRun.model(), recipe: recipe, dataset: dataset)
            }
        }
        let outside = try error([TokenSequence(ids: [1, 40])])
        #expect(outside?.subject.contains("row 1") == true && outside?.problem.contains("id 40 at position 1") == true)
        let label = try error([TokenSequence(ids: [1, 2], labels: [1, -7])])
        #expect(label?.problem.contains("label -7") == true)
        let long = try error([TokenSequence(ids: [Int32](repeating: 1, count: 33))])
        #expect(long?.problem.contains("33 tokens") == true && long?.problem.contains("context is 32") == true)
        let limited = try error([TokenSequence(ids: [1, 2, 3, 4, 5])]) { $0.sequenceLength = 4 }
        #expect(limited?.problem.contains("sequenceLength is 4") == true)
        let silent = #expect(throws: TrainingError.self) {
            try Trainer(
                model: TinyRun.model(), recipe: TinyRun.recipe(),
                dataset: TokenDataset(rows: [TokenSequence(ids: [1, 2], labels: [1, -100]), TokenSequence(ids: [3])]))
        }
        #expect(silent?.problem.contains("no token to predict") == true)
        let vocabulary = #expect(throws: TrainingError.self) {
            try Trainer(
                model: TinyRun.model(), recipe: TinyRun.recipe(),
                dataset: TokenDataset(rows: [TokenSequence(ids: [1, 2])], vocabularySize: 41))
        }
        #expect(vocabulary?.problem.contains("vocabulary of 41") == true)
    }

    @Test("Rows without a target are left out and counted")
    func rowsWithoutTargets() throws {
        let rows = [
            TokenSequence(ids: [1, 2, 3]), TokenSequence(ids: [4]), TokenSequence(ids: [1, 2], labels: [1, -100]),
        ]
        var trainer = try Trainer(model: TinyRun.model(), recipe: TinyRun.recipe(), dataset: TokenDataset(rows: rows))
        guard case .started(let start) = try events(&trainer)[0] else { return #expect(Bool(false)) }
        #expect(start.samples == 1 && start.samplesWithoutTargets == 2 && start.tokens == 3)
    }

    @Test("A run that diverges stops with its step and batch")
    func diverges() throws {
        var weights = try TinyRun.weights()
        weights.parameters.withUnsafeMutableValues(of: "model.norm.weight") { $0[0] = .nan }
        var trainer = try Trainer(
            model: LlamaModel(weights), recipe: TinyRun.recipe(), dataset: TinyRun.dataset())
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        #expect(error?.code == .diverged && error?.subject == "step 1")
        #expect(error?.problem.contains("batch 1 of 3") == true)
    }

    @Test("A model with an adapter needs a recipe for it")
    func adapterWithoutRecipe() throws {
        let model = try TinyRun.model()
        let adapter = try LoRAAdapter(
            zeros: LoRAConfiguration(rank: 2, alpha: 4, targets: [.query]), for: model.configuration)
        let carrying = try LlamaModel(model.weights, adapter: adapter)
        for recipe in [try TinyRun.recipe(), try TinyRun.recipe(dropout: 0)] {
            let error = #expect(throws: TrainingError.self) {
                try Trainer(model: carrying, recipe: recipe, dataset: TinyRun.dataset())
            }
            #expect(error?.subject == "recipe.lora")
        }
    }
}
