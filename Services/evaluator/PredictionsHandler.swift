// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Serves `evaluate.predictions`: saved outputs of any system, scored without a model.
struct PredictionsHandler: JobHandler {
    let kinds: [JobKind] = [.evaluatePredictions]

    func handle(_ payload: EvaluatePredictions, context: JobContext) async throws -> EvaluateTask.Output {
        let file = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "rows.jsonl")
        let outcome = try await context.compute {
            try EvaluationFailure.describing {
                let task = try BenchmarkCatalog.task(payload.task)
                let scorer = try PredictionScorer(
                    task: task, data: context.data(payload.data, of: task), split: payload.split,
                    records: payload.records.flatMap(RecordRange.parse), limit: payload.limit,
                    profile: payload.profile.flatMap { ScoringProfile(rawValue: $0.rawValue) } ?? .strict,
                    seed: payload.seed ?? 42)
                let outcome = try scorer.score(URL(filePath: context.resolve(payload.predictions)))
                try RowFile(file).replace(with: outcome.rows)
                return outcome
            }
        }
        let rows = try await context.publish(file.path, name: "rows.jsonl")
        return try EvaluateTask.Output(outcome.result, subject: "", rows: rows)
    }
}
