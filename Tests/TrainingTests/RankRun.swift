// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Collectives
import Corpora
import Foundation
import Glibc
import Llama
import Tensors

@testable import Training

/// A run in a folder of its own, trained in this process or by ranks that `mpirun` starts.
struct RankRun {
    let folder: URL
    private static let driver = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "rank-driver").path

    /// Puts the model and the rows where every rank finds them.
    init(_ folder: URL, model: LlamaWeights, rows: [TokenSequence]) throws {
        self.folder = folder
        try LlamaCheckpoint.save(model, to: folder.appending(path: "model"))
        let lines = rows.map { row in
            let labels = row.labels.map(String.init).joined(separator: ",")
            return #"{"input_ids": [\#(row.ids.map(String.init).joined(separator: ","))], "labels": [\#(labels)]}"#
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: folder.appending(path: "rows.jsonl"))
    }

    var planPath: String { folder.appending(path: "plan.json").path }

    func plan(_ recipe: TrainingRecipe, checkpoints: String = "checkpoints", result: String = "result") -> RankPlan {
        RankPlan(
            recipe: recipe, model: .folder(folder.appending(path: "model").path),
            dataset: folder.appending(path: "rows.jsonl").path,
            checkpoints: folder.appending(path: checkpoints).path, result: folder.appending(path: result).path)
    }

    /// Trains by as many ranks as the plan says; `onStep` may ask them to stop or kill one.
    func train(
        _ plan: RankPlan, onStep: (RankGroup, StepReport) -> Void = { _, _ in }
    ) throws -> (outcome: TrainingOutcome?, events: [TrainingEvent], models: [Int]) {
        try plan.write(to: planPath)
        let group = try RankGroup(RankLaunch(ranks: plan.recipe.ranks, command: [Self.driver, "train", planPath]))
        var outcome: TrainingOutcome?
        var models: [Int] = []
        var events: [TrainingEvent] = []
        try group.wait(
            onLine: { line in
                switch try RankMessage(line: line) {
                case .event(let event):
                    events.append(event)
                    if case .step(let report) = event { onStep(group, report) }
                case .model(let step):
                    models.append(step)
                    group.answer()
                case .outcome(let end): outcome = end
                }
            }, onPause: {})
        return (outcome, events, models)
    }

    /// Trains in this process.
    func trainAlone(
        _ plan: RankPlan, stopAfter limit: Int = .max
    ) throws -> (outcome: TrainingOutcome, events: [TrainingEvent]) {
        var trainer = try Trainer(
            model: plan.model.load(for: plan.recipe, adapter: plan.adapter), recipe: plan.recipe,
            dataset: TokenDataset.load(path: plan.dataset),
            heldOut: plan.heldOut.mapValues { try TokenDataset.load(path: $0) },
            checkpoints: URL(filePath: plan.checkpoints))
        var events: [TrainingEvent] = []
        var done = 0
        let outcome = try trainer.run(
            shouldStop: { done >= limit },
            onEvent: { event in
                events.append(event)
                if case .step(let report) = event { done = report.step }
            })
        if case .completed = outcome { try plan.save(trainer.model, to: plan.result) }
        return (outcome, events)
    }

    /// What a plan's run has made.
    func result(_ plan: RankPlan) throws -> Data {
        let folder = URL(filePath: plan.result)
        let name = plan.recipe.lora == nil ? "model.safetensors" : "adapter_model.safetensors"
        return try Data(contentsOf: folder.appending(path: name))
    }

    /// The processes of this run's ranks: number of the rank, and of the process.
    func processes() -> [Int: pid_t] {
        var found: [Int: pid_t] = [:]
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let pid = pid_t(name), let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
                let variables = FileManager.default.contents(atPath: "/proc/\(name)/environ")
            else { continue }
            let arguments = words.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard arguments.first == Self.driver, arguments.contains(planPath) else { continue }
            let rank = variables.split(separator: 0).lazy.map { String(decoding: $0, as: UTF8.self) }
                .first { $0.hasPrefix("OMPI_COMM_WORLD_RANK=") }
            found[rank.flatMap { Int($0.dropFirst(21)) } ?? -1] = pid
        }
        return found
    }

    /// Largest difference of two results' numbers, and the share of them that differ by less than 1e-6.
    static func compare(_ one: URL, _ other: URL) throws -> (worst: Double, close: Double) {
        let (one, other) = (try SafetensorsFile(one), try SafetensorsFile(other))
        var (worst, close, count) = (0.0, 0, 0)
        for entry in one.entries {
            for (a, b) in zip(try one.tensor(entry.name).values, try other.tensor(entry.name).values) {
                let difference = abs(Double(a) - Double(b))
                worst = max(worst, difference)
                close += difference < 1e-6 ? 1 : 0
                count += 1
            }
        }
        return (worst, Double(close) / Double(max(1, count)))
    }
}
