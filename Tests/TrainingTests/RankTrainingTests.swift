// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Foundation
import Glibc
import Testing

@testable import Training

@Suite(
    "Ranks train as one process does", .timeLimit(.minutes(5)),
    .enabled(if: RankLaunch.isOffered, "mpirun is not installed"))
struct RankTrainingTests {
    private func rows(_ count: Int = 22) throws -> [TokenSequence] {
        let dataset = try TinyRun.dataset(rows: count)
        return try (0..<dataset.count).map(dataset.sequence)
    }

    private func recipe(
        ranks: Int, dropout: Double? = nil, epochs: Int = 3,
        _ change: (inout TrainingRecipe.Overrides) -> Void = { _ in }
    ) throws -> TrainingRecipe {
        // Windows of twelve rows: the second of each epoch has ten, so that some ranks have less to do than others.
        try TinyRun.recipe(epochs: epochs, dropout: dropout) {
            ($0.microBatch, $0.accumulation, $0.ranks) = (1, 12 / ranks, ranks)
            change(&$0)
        }
    }

    @Test(
        "The same steps by 1, 2, 3 and 4 ranks; the same ranks give the same bytes",
        arguments: [TrainingRecipe.Precision.float32, .bfloat16], [nil, 0.3])
    func equality(precision: TrainingRecipe.Precision, dropout: Double?) throws {
        try TinyRun.withFolder { folder in
            let run = try RankRun(folder, model: TinyRun.weights(), rows: rows())
            let alone = run.plan(try recipe(ranks: 1, dropout: dropout) { $0.precision = precision })
            guard case .completed(let whole) = try run.trainAlone(alone).outcome else { return #expect(Bool(false)) }
            for ranks in [2, 3, 4] {
                let recipe = try recipe(ranks: ranks, dropout: dropout) { $0.precision = precision }
                let plan = run.plan(recipe, checkpoints: "c\(ranks)", result: "r\(ranks)")
                guard case .completed(let result) = try run.train(plan).outcome else { return #expect(Bool(false)) }
                #expect(result.steps == whole.steps && result.tokens == whole.tokens)
                for (ours, theirs) in zip(result.losses, whole.losses) {
                    #expect(abs(ours - theirs) <= (precision == .float32 ? 1e-5 : 1e-2))
                }
                let difference = try RankRun.compare(
                    try #require(safetensors(plan)), try #require(safetensors(alone)))
                if precision == .float32 {
                    #expect(difference.worst <= 2e-4 && difference.close >= 0.999, "\(ranks): \(difference)")
                }
                let again = run.plan(recipe, checkpoints: "d\(ranks)", result: "s\(ranks)")
                _ = try run.train(again)
                #expect(try run.result(again) == run.result(plan))
                // What a checkpoint holds does not tell how many ranks there were.
                #expect(try names(plan.checkpoints) == names(alone.checkpoints))
            }
        }
    }

    private func safetensors(_ plan: RankPlan) -> URL? {
        let name = plan.recipe.lora == nil ? "model.safetensors" : "adapter_model.safetensors"
        return URL(filePath: plan.result).appending(path: name)
    }

    private func names(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    }

    @Test("A checkpoint of some ranks is continued by any number; by as many, to the same bytes", arguments: [1, 2, 4])
    func resume(first: Int) throws {
        try TinyRun.withFolder { folder in
            let run = try RankRun(folder, model: TinyRun.weights(), rows: rows())
            func plan(_ ranks: Int, _ name: String) throws -> RankPlan {
                let recipe = try recipe(ranks: ranks, epochs: 100) { ($0.learningRate, $0.checkpointEvery) = (1e-4, 0) }
                return run.plan(recipe, checkpoints: "c\(name)", result: "r\(name)")
            }
            let whole = try plan(first, "whole")
            try end(run, whole)
            let part = try plan(first, "part")
            let step = try stop(run, part, after: 4)
            for ranks in [1, 2, 4] {
                let rest = try plan(ranks, "from-\(ranks)")
                try FileManager.default.copyItem(atPath: part.checkpoints, toPath: rest.checkpoints)
                #expect(try end(run, rest) == step)
                let difference = try RankRun.compare(
                    try #require(safetensors(rest)), try #require(safetensors(whole)))
                #expect(difference.worst <= 2e-4 && difference.close >= 0.999, "\(first) to \(ranks): \(difference)")
                if ranks == first { #expect(try run.result(rest) == run.result(whole)) }
            }
            // Half the ranks with the same accumulation would be other steps.
            var other = try plan(2, "from-2")
            other.recipe.accumulation = 3
            let error = #expect(throws: CollectiveError.self) { try run.train(other) }
            #expect(error != nil)
            let failure = other.failure(path: run.planPath)
            #expect(failure?.rank == 0 && failure?.failure.kind == .storage)
            #expect(failure?.failure.description.contains("another value of recipe.") == true)
        }
    }

    /// Trains to the end; the step it began at.
    @discardableResult
    private func end(_ run: RankRun, _ plan: RankPlan) throws -> Int? {
        var start: Int?
        for event in plan.recipe.ranks == 1 ? try run.trainAlone(plan).events : try run.train(plan).events {
            if case .started(let begin) = event { start = begin.step }
        }
        return start
    }

    /// Stops some steps after this one, and answers which is checkpointed.
    private func stop(_ run: RankRun, _ plan: RankPlan, after steps: Int) throws -> Int {
        let outcome =
            plan.recipe.ranks == 1
            ? try run.trainAlone(plan, stopAfter: steps).outcome
            : try run.train(plan) { group, report in if report.step == steps { group.stop() } }.outcome
        guard case .interrupted(let step) = outcome else { throw CollectiveError(.failed, "was not stopped") }
        #expect(step >= steps && step < 200)
        return step
    }

    @Test(
        "A rank that is killed ends the run and is named; the next attempt goes on from the checkpoint",
        arguments: [0, 1])
    func killed(rank: Int) throws {
        try TinyRun.withFolder { folder in
            let run = try RankRun(folder, model: TinyRun.weights(), rows: rows())
            let recipe = try recipe(ranks: 2, epochs: 200) { ($0.learningRate, $0.checkpointEvery) = (1e-4, 10) }
            let whole = run.plan(recipe, checkpoints: "whole", result: "whole")
            _ = try run.train(whole)
            let plan = run.plan(recipe)
            var killed = false
            let error = #expect(throws: CollectiveError.self) {
                try run.train(plan) { _, report in
                    guard report.step >= 25, !killed, let process = run.processes()[rank] else { return }
                    killed = kill(process, SIGKILL) == 0
                }
            }
            #expect(error?.description.hasPrefix("rank \(rank) of 2 on ") == true, "\(error?.description ?? "")")
            #expect(run.processes().isEmpty)
            #expect(!FileManager.default.fileExists(atPath: plan.result))
            guard case .started(let start) = try run.train(plan).events.first else { return #expect(Bool(false)) }
            #expect(start.step >= 20 && start.step < 400)
            #expect(try run.result(plan) == run.result(whole))
        }
    }

    @Test("What a rank fails of is known, and no other is left")
    func failure() throws {
        try TinyRun.withFolder { folder in
            let run = try RankRun(folder, model: TinyRun.weights(), rows: rows())
            var plan = run.plan(try recipe(ranks: 2) { $0.learningRate = 10 })
            plan.dataset = folder.appending(path: "nothing.jsonl").path
            #expect(throws: CollectiveError.self) { try run.train(plan) }
            let failure = plan.failure(path: run.planPath)
            #expect(failure?.failure.kind == .input)
            #expect(failure?.failure.description.contains("nothing.jsonl") == true)
            #expect(run.processes().isEmpty)
        }
    }
}
