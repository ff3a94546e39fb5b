// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Messages
import ServiceRuntime

/// The `evaluator` executable: answers to metrics and reports.
@main
struct EvaluatorCommand: ServiceCommand {
    static let service = "evaluator"
    static let abstract = "Runs the medical benchmark against models and builds reports."

    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] {
        let answers = AnswerStore(artifacts: settings.artifacts)
        let register = try settings.modelsFile.map { try ModelRegister(file: $0) } ?? ModelRegister()
        return [
            TaskHandler(register: register, answers: answers), PredictionsHandler(), PerplexityHandler(),
            ForgettingHandler(register: register, answers: answers), ReportHandler(),
        ]
    }
}
