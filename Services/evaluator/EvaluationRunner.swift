// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Runs one benchmark on one model through the queue, row by row, and goes on where an earlier attempt stopped.
struct EvaluationRunner {
    let context: JobContext
    /// Items asked in one question; scores do not depend on it.
    var batchSize = EvaluationSettings().batchSize

    /// - Parameter file: the rows' file in the job's workspace.
    func run(
        _ payload: EvaluateTask, on subject: ModelUnderTest, file: URL
    ) async throws -> EvaluationOutcome {
        let evaluation = try await context.compute { () throws -> Evaluation in
            try EvaluationFailure.describing { try self.evaluation(payload) }
        }
        let rows = try RowFile(file)
        let total = evaluation.dataset.items.count
        let counter = ProgressCounter(done: 0)
        context.report(JobProgress(phase: "asking", step: 0, total: total))
        let outcome = try await EvaluationFailure.describing {
            try await evaluation.run(
                on: QueuedLanguageModel(subject: subject, context: context), modelIdentity: subject.identity(),
                resuming: rows.known
            ) { row in
                try rows.append(row)
                context.report(JobProgress(phase: "asking", step: counter.next(), total: total))
                try context.checkStop()
            }
        }
        try rows.replace(with: outcome.rows)
        return outcome
    }

    private func evaluation(_ payload: EvaluateTask) throws -> Evaluation {
        let settings = EvaluationSettings(
            shots: payload.shots ?? 0, prompt: payload.prompt,
            mode: payload.mode.flatMap { AnswerMode(rawValue: $0.rawValue) } ?? .generate,
            profile: payload.profile.flatMap { ScoringProfile(rawValue: $0.rawValue) } ?? .strict,
            seed: payload.seed ?? 42, batchSize: batchSize, concurrentBatches: 4)
        return try Evaluation(
            task: BenchmarkCatalog.task(payload.task), data: URL(filePath: context.resolve(payload.data)),
            split: payload.split, records: payload.records.flatMap(RecordRange.parse), limit: payload.limit,
            shotsData: payload.shotsData.map { URL(filePath: try context.resolve($0)) }, settings: settings)
    }
}
