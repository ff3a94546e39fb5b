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
        let (scorer, predictions) = try await context.compute {
            try EvaluationFailure.describing {
                let task = try BenchmarkCatalog.task(payload.task)
                let scorer = try PredictionScorer(
                    task: task, data: context.data(payload.data, of: task), split: payload.split,
                    records: payload.records.flatMap(RecordRange.parse), limit: payload.limit,
                    profile: payload.profile.flatMap { ScoringProfile(rawValue: $0.rawValue) } ?? .strict,
                    seed: payload.seed ?? 42)
                return (scorer, URL(filePath: try context.resolve(payload.predictions)))
            }
        }
        let summaries = try SummaryScorer.named(payload.encoder, context)
        let outcome = try await EvaluationFailure.describing {
            try await scorer.score(predictions, summaries: summaries)
        }
        try RowFile(file).replace(with: outcome.rows)
        let rows = try await context.publish(file.path, name: "rows.jsonl")
        return try EvaluateTask.Output(outcome.result, subject: "", rows: rows)
    }
}
