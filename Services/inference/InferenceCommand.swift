// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Checkpoints
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
    /// Files of repacked weights may take so many times the memory for loaded models.
    private static let packedBudgets = 4

    static func handlers(_ settings: ServiceSettings) throws -> [any JobHandler] {
        let budget = settings.memoryBudget ?? defaultMemoryBudget
        let logger = Logger(label: service)
        try ServingInstructions.checkEnvironment()
        logger.info(
            "engine",
            metadata: [
                "blas": "\(BLAS.description)", "instructions": "\(ServingInstructions.current.rawValue)",
                "memoryBudget": "\(budget)",
            ])
        let packed = PackedWeightCache(
            folder: "\(settings.artifacts)/packed-weights", budget: packedBudgets * budget,
            onProblem: { logger.warning("\($0)") })
        let library = ModelLibrary(budget: budget, metrics: InferenceMetrics(), packed: packed)
        let remotes = RemoteModels(try settings.modelsFile.map { try ModelRegister(file: $0) } ?? ModelRegister())
        return [
            GenerateHandler(library: library, remotes: remotes), ScoreHandler(library: library, remotes: remotes),
            EmbedHandler(),
        ]
    }
}
