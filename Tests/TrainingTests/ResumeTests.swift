// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import Testing
import Training

@Suite("A run that was stopped and resumed ends with the same bytes as one that was not")
struct ResumeTests {
    /// Runs until the micro-batch of this number, counted from 1 over the run, would begin.
    private func interrupted(
        _ folder: URL, _ recipe: TrainingRecipe, atMicroBatch limit: Int
    ) throws -> (outcome: TrainingOutcome, events: [TrainingEvent]) {
        var trainer = try Trainer(
            model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder)
        var count = 0
        var events: [TrainingEvent] = []
        let outcome = try trainer.run(
            shouldStop: {
                count += 1
                return count >= limit
            }, onEvent: { events.append($0) })
        return (outcome, events)
    }

    private func finished(_ folder: URL?, _ recipe: TrainingRecipe) throws -> (bytes: [UInt32], result: TrainingResult)
    {
        var trainer = try Trainer(
            model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder)
        guard case .completed(let result) = try trainer.run() else {
            throw TrainingError(.checkpoint, "run", "did not complete", remedy: "")
        }
        return (TinyRun.bytes(trainer.model), result)
    }

    @Test(
        "Stopped within a window, at an epoch's end and in the second epoch; full weights and LoRA with dropout",
        arguments: [1, 2, 6, 11, 12, 17, 20], [nil, 0.3])
    func stopped(atMicroBatch limit: Int, dropout: Double?) throws {
        let recipe = try TinyRun.recipe(dropout: dropout)
        let whole = try finished(nil, recipe)
        #expect(whole.result.steps == 8 && whole.result.losses.count == 8)
        try TinyRun.withFolder { folder in
            let first = try interrupted(folder, recipe, atMicroBatch: limit)
            // Three micro-batches a step, but two in the fourth of each epoch.
            let steps = limit <= 11 ? (limit - 1) / 3 : 4 + (limit - 12) / 3
            #expect(first.outcome == .interrupted(step: steps))
            #expect(first.events.last == .checkpointed(step: steps) || steps % 2 == 0)
            let resumed = try finished(folder, recipe)
            #expect(resumed.bytes == whole.bytes)
            #expect(resumed.result.losses == whole.result.losses)
            #expect(resumed.result.tokens == whole.result.tokens)
        }
    }

    @Test(
        "Forty steps, stopped at several and started again each time, in both precisions",
        arguments: [TrainingRecipe.Precision.float32, .bfloat16], [nil, 0.3])
    func fortySteps(precision: TrainingRecipe.Precision, dropout: Double?) throws {
        let recipe = try TinyRun.recipe(epochs: 10, checkpointEvery: 7, dropout: dropout) { $0.precision = precision }
        let whole = try finished(nil, recipe)
        #expect(whole.result.steps == 40)
        try TinyRun.withFolder { folder in
            for limit in [2, 20, 9, 41, 3] { _ = try interrupted(folder, recipe, atMicroBatch: limit) }
            let resumed = try finished(folder, recipe)
            #expect(resumed.bytes == whole.bytes)
            #expect(resumed.result.losses == whole.result.losses)
        }
    }

    @Test("Killed without a word: only periodic checkpoints are left, half-written ones are passed over")
    func killed() throws {
        let recipe = try TinyRun.recipe(dropout: 0.2)
        let whole = try finished(nil, recipe)
        try TinyRun.withFolder { folder in
            _ = try interrupted(folder, recipe, atMicroBatch: 18)
            // Step 6 is damaged in one byte of a moment, and a seventh was never renamed: step 4 is the newest whole.
            let damaged = folder.appending(path: "step-0000000006/second-moments.safetensors")
            var data = try Data(contentsOf: damaged)
            data[data.count - 3] ^= 1
            try data.write(to: damaged)
            let partial = folder.appending(path: ".partial-step-0000000007")
            try FileManager.default.createDirectory(at: partial, withIntermediateDirectories: true)
            try Data("{".utf8).write(to: partial.appending(path: "state.json"))

            var trainer = try Trainer(
                model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder)
            var events: [TrainingEvent] = []
            _ = try trainer.run(onEvent: { events.append($0) })
            let starts = events.compactMap { if case .started(let start) = $0 { start.step } else { nil } }
            #expect(starts == [4])
            let ignored = events.compactMap { if case .ignoredCheckpoint(let name, _) = $0 { name } else { nil } }
            #expect(ignored == ["step-0000000006"])
            #expect(TinyRun.bytes(trainer.model) == whole.bytes)
            #expect(!FileManager.default.fileExists(atPath: partial.path))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(left == ["step-0000000006", "step-0000000008"])
        }
    }

    @Test("Stopped during a held-out evaluation, the steps before it are kept and the last evaluation still comes")
    func stoppedInEvaluation() throws {
        let recipe = try TinyRun.recipe(checkpointEvery: 0) { $0.evaluateEvery = 3 }
        let whole = try finished(nil, recipe)
        try TinyRun.withFolder { folder in
            func trainer() throws -> Trainer {
                try Trainer(
                    model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(),
                    heldOut: ["a": TinyRun.dataset(rows: 4, seed: 1)], checkpoints: folder)
            }
            var first = try trainer()
            var steps = 0
            var polls = 0
            let outcome = try first.run(
                shouldStop: {
                    polls += steps == 3 ? 1 : 0
                    return polls > 2
                }, onEvent: { if case .step = $0 { steps += 1 } })
            #expect(outcome == .interrupted(step: 3))
            var second = try trainer()
            guard case .completed(let result) = try second.run() else {
                Issue.record("the resumed run did not complete")
                return
            }
            #expect(TinyRun.bytes(second.model) == whole.bytes)
            #expect(result.losses == whole.result.losses && result.heldOut != nil)
        }
    }

    @Test("A finished run is finished at once when started again")
    func finishedRun() throws {
        let recipe = try TinyRun.recipe()
        try TinyRun.withFolder { folder in
            let first = try finished(folder, recipe)
            var trainer = try Trainer(
                model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder)
            let outcome = try trainer.run(shouldStop: { true })
            #expect(outcome == .completed(first.result))
            #expect(TinyRun.bytes(trainer.model) == first.bytes)
        }
    }

    @Test("A checkpoint of another recipe, dataset or model is refused by name")
    func mismatch() throws {
        let recipe = try TinyRun.recipe()
        try TinyRun.withFolder { folder in
            _ = try interrupted(folder, recipe, atMicroBatch: 5)
            func failure(_ trainer: Trainer) -> TrainingError? {
                var trainer = trainer
                return #expect(throws: TrainingError.self) { try trainer.run() }
            }
            let otherRate = try TinyRun.recipe { $0.learningRate = 1e-3 }
            let rate = failure(
                try Trainer(model: TinyRun.model(), recipe: otherRate, dataset: TinyRun.dataset(), checkpoints: folder))
            #expect(rate?.problem.contains("recipe.learningRate") == true)
            let data = failure(
                try Trainer(
                    model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(seed: 6), checkpoints: folder))
            #expect(data?.problem.contains("another dataset") == true)
            let model = failure(
                try Trainer(
                    model: TinyRun.model(seed: 8), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder))
            #expect(model?.problem.contains("another model") == true)
            let otherPace = try TinyRun.recipe(checkpointEvery: 1)
            var trainer = try Trainer(
                model: TinyRun.model(), recipe: otherPace, dataset: TinyRun.dataset(), checkpoints: folder)
            var starts: [Int] = []
            _ = try trainer.run(onEvent: { if case .started(let start) = $0 { starts.append(start.step) } })
            #expect(starts == [1])
        }
    }

    @Test("A run that starts over leaves nothing of the one before")
    func startsOver() throws {
        try TinyRun.withFolder { folder in
            _ = try finished(folder, try TinyRun.recipe(epochs: 3))
            let recipe = try TinyRun.recipe(epochs: 1)
            var trainer = try Trainer(
                model: TinyRun.model(), recipe: recipe, dataset: TinyRun.dataset(), checkpoints: folder)
            _ = try trainer.run(resume: false)
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(left == ["step-0000000002", "step-0000000004"])
        }
    }

    @Test("Checkpoints keep the newest two, with each file's names and shapes readable by others")
    func retention() throws {
        try TinyRun.withFolder { folder in
            _ = try finished(folder, try TinyRun.recipe(checkpointEvery: 1))
            let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(left == ["step-0000000007", "step-0000000008"])
            let files = try FileManager.default.contentsOfDirectory(
                atPath: folder.appending(path: left[1]).path
            ).sorted()
            #expect(
                files == [
                    "first-moments.safetensors", "parameters.safetensors", "second-moments.safetensors", "state.json",
                ])
        }
    }

    @Test("A folder that cannot be written stops the run with its path")
    func unwritable() throws {
        try TinyRun.withFolder { folder in
            let file = folder.appending(path: "file")
            try Data().write(to: file)
            var trainer = try Trainer(
                model: TinyRun.model(), recipe: TinyRun.recipe(), dataset: TinyRun.dataset(),
                checkpoints: file.appending(path: "checkpoints"))
            let error = #expect(throws: TrainingError.self) { try trainer.run() }
            #expect(error?.subject.contains("file/checkpoints") == true)
        }
    }
}
