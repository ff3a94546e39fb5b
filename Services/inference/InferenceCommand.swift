// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Logging
import Messages
import ServiceRuntime
import Tensors

/// The `inference` executable: prompts to answers and scores.
@main
struct InferenceCommand: ServiceCommand {
    static let service = "inference"
    static let abstract = "Generates text and scores continuations with LLaMA models; embeds texts with BERT encoders."
    /// Jobs of one model share its steps: more of them at once cost little and answer sooner.
    static let concurrency = 16

    /// Bytes of weights kept loaded where the settings do not say.
    private static let defaultMemoryBudget = 4 << 30

    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] {
        let budget = settings.memoryBudget ?? defaultMemoryBudget
        Logger(label: service).info("engine", metadata: ["blas": "\(BLAS.description)", "memoryBudget": "\(budget)"])
        let library = ModelLibrary(budget: budget, metrics: InferenceMetrics())
        let remotes = RemoteModels(try settings.modelsFile.map { try ModelRegister(file: $0) } ?? ModelRegister())
        return [
            GenerateHandler(library: library, remotes: remotes), ScoreHandler(library: library, remotes: remotes),
            EmbedHandler(),
        ]
    }
}
