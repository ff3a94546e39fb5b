// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Serves `evaluate.forgetting`: the same items asked of a model before and after a stage, compared item by item.
struct ForgettingHandler: JobHandler {
    let kinds: [JobKind] = [.evaluateForgetting]
    /// Answers of earlier evaluations; nil asks everything anew.
    var answers: AnswerStore?

    func handle(_ payload: EvaluateForgetting, context: JobContext) async throws -> EvaluateForgetting.Output {
        let workspace = URL(filePath: try context.workspace, directoryHint: .isDirectory)
        let runner = EvaluationRunner(context: context, answers: answers)
        var differences: [EvaluateForgetting.Difference] = []
        for (index, task) in payload.tasks.enumerated() {
            var results: [EvaluationResult] = []
            for (name, model) in [("before", payload.before), ("after", payload.after)] {
                let subject = try ModelUnderTest(
                    model.model, adapter: model.adapter, prefix: "\(name)\(index)_", context)
                let outcome = try await runner.run(
                    task.asking(model), on: subject, file: workspace.appending(path: "\(name)-\(index).jsonl"))
                results.append(outcome.result)
            }
            let (before, after) = (results[0], results[1])
            let paired = try await context.compute {
                try EvaluationFailure.describing { try PairedDifference.between(before, after) }
            }
            differences += paired.map { EvaluateForgetting.Difference(task: task.task, $0) }
        }
        return EvaluateForgetting.Output(differences: differences)
    }
}

extension EvaluateForgetting.Task {
    /// The task asked of one model.
    func asking(_ subject: EvaluateForgetting.Model) -> EvaluateTask {
        EvaluateTask(
            model: subject.model, adapter: subject.adapter, task: task, split: split, data: data, shots: shots,
            shotsData: shotsData, shotsRecords: shotsRecords, prompt: prompt, mode: mode, profile: profile,
            limit: limit, records: records, seed: seed)
    }
}

extension EvaluateForgetting.Difference {
    init(task: String, _ paired: PairedDifference) {
        let difference = paired.difference
        self.init(
            task: task, metric: paired.metric, before: paired.before, after: paired.after,
            difference: MetricValue(value: difference.value, low: difference.low, high: difference.high),
            items: paired.items)
    }
}
