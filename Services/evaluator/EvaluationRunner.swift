// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Runs one benchmark on one model through the queue, row by row, and goes on where an earlier attempt stopped.
struct EvaluationRunner {
    let context: JobContext
    /// Answers of earlier evaluations; nil asks everything anew.
    var answers: AnswerStore?
    /// Items asked in one question; scores do not depend on it.
    var batchSize = EvaluationSettings().batchSize

    /// - Parameter file: the rows' file in the job's workspace.
    func run(
        _ payload: EvaluateTask, on subject: ModelUnderTest, file: URL
    ) async throws -> EvaluationOutcome {
        let evaluation = try await context.compute { () throws -> Evaluation in
            try EvaluationFailure.describing { try self.evaluation(payload) }
        }
        let model = QueuedLanguageModel(
            subject: subject, context: context, isRestricted: evaluation.task.isRestricted)
        let identity = try subject.identity(context)
        let summaries = try SummaryScorer.named(payload.encoder, context)
        let key = evaluation.key(on: model, modelIdentity: identity)
        let rows = try RowFile(file)
        let kept = answers?.rows(key) ?? []
        let total = evaluation.dataset.items.count
        // An attempt that goes on where another was killed goes on counting there.
        let known = Set((kept + rows.known).filter { $0.key == key }.map(\.id))
            .intersection(evaluation.dataset.items.map(\.id)).count
        let counter = ProgressCounter(done: known)
        context.report(JobProgress(phase: "asking", step: known, total: total))
        let outcome = try await EvaluationFailure.describing {
            try await evaluation.run(
                on: model, modelIdentity: identity, resuming: kept, unfinished: rows.known, summaries: summaries
            ) { row in
                try rows.append(row)
                context.report(JobProgress(phase: "asking", step: counter.next(), total: total))
                try context.checkStop()
            }
        }
        try rows.replace(with: outcome.rows)
        answers?.keep(outcome.rows, key: key)
        context.note("itemsAsked", Double(counter.count - known))
        context.note("itemsKnown", Double(known))
        return outcome
    }

    private func evaluation(_ payload: EvaluateTask) throws -> Evaluation {
        let task = try BenchmarkCatalog.task(payload.task)
        let settings = EvaluationSettings(
            shots: payload.shots ?? 0, prompt: payload.prompt,
            mode: payload.mode.flatMap { AnswerMode(rawValue: $0.rawValue) } ?? .generate,
            profile: payload.profile.flatMap { ScoringProfile(rawValue: $0.rawValue) } ?? .strict,
            seed: payload.seed ?? 42, maxTokens: payload.maxTokens, batchSize: batchSize, concurrentBatches: 4)
        return try Evaluation(
            task: task, data: context.data(payload.data, of: task),
            split: payload.split, records: payload.records.flatMap(RecordRange.parse), limit: payload.limit,
            shotsData: payload.shotsData.map { URL(filePath: try context.resolve($0)) },
            shotsRecords: payload.shotsRecords.flatMap(RecordRange.parse), settings: settings)
    }
}

extension JobContext {
    /// Where a benchmark's data are; where they are not, the error says where to get them.
    func data(_ reference: DataReference, of task: any BenchmarkTask) throws -> URL {
        do {
            return URL(filePath: try resolve(reference))
        } catch let failure as JobFailure where failure.type == .notFound {
            throw JobFailure(
                .notFound, title: "\(task.name) not run: data not supplied",
                detail: "\(failure.detail); \(task.name) is given at \(task.source)")
        }
    }
}
