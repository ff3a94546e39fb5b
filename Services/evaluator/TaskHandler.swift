// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Serves `evaluate.task`: one benchmark, one model, one setting; every answer is asked of `inference`.
struct TaskHandler: JobHandler {
    let kinds: [JobKind] = [.evaluateTask]
    /// Where remote models are.
    var register = ModelRegister()
    /// Answers of earlier evaluations; nil asks everything anew.
    var answers: AnswerStore?
    /// Items asked in one question.
    var batchSize = EvaluationSettings().batchSize

    func handle(_ payload: EvaluateTask, context: JobContext) async throws -> EvaluateTask.Output {
        let subject = try Subject(payload.model, adapter: payload.adapter, register, context)
        let file = URL(filePath: try context.workspace, directoryHint: .isDirectory).appending(path: "rows.jsonl")
        let outcome = try await EvaluationRunner(context: context, answers: answers, batchSize: batchSize).run(
            payload, on: subject, file: file)
        let rows = try await context.publish(file.path, name: "rows.jsonl")
        return try EvaluateTask.Output(outcome.result, subject: subject.name(), rows: rows)
    }
}
