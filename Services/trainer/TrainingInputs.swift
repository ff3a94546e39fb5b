// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Corpora
import Foundation
import Llama
import Logging
import Messages
import ServiceRuntime
import Training

/// What a training job names, opened and checked before the model is in memory.
struct TrainingInputs {
    let dataset: TokenDataset
    /// By domain.
    let heldOut: [String: TokenDataset]
    let recipe: TrainingRecipe
    /// The adapter that the run starts from.
    let adapter: URL?

    init(_ payload: TrainModel, _ context: JobContext) throws {
        dataset = try Self.dataset(of: payload, context)
        if let place = payload.dataset {
            for folder in try ModelFolder.tokenizerFolders(payload.model, dataset: nil, context) {
                try dataset.checkTokenizer(in: folder.path, name: "payload.dataset: \(place.text)")
            }
        }
        heldOut = try (payload.heldOut ?? [:]).mapValues { try TokenDataset(folder: context.resolve($0)) }
        adapter = try payload.adapter.map { URL(filePath: try context.resolve($0), directoryHint: .isDirectory) }
        if let adapter { try Self.checkBase(of: adapter, payload) }
        recipe = try TrainingRecipe(
            stage: try Self.stage(of: context.kind, dataset), overrides: payload.recipe ?? TrainingSettings(),
            adapter: adapter.map { try AdapterCheckpoint.configuration($0) })
        if recipe.evaluateEvery > 0, heldOut.isEmpty {
            context.logger.warning("evaluateEvery has no effect without heldOut")
        }
    }

    /// Throws where the run can't fit in what memory there is, however short its rows: loading the model alone could
    /// end the process. The trainer checks again with the rows, before its first step.
    func checkMemory(_ payload: TrainModel, _ context: JobContext) throws {
        let configuration = try ModelFolder.configuration(payload.model, context)
        let memory = TrainingMemory(
            configuration, recipe, baseBytes: try ModelFolder.keptBytes(payload.model, context), tokens: 1, longest: 1)
        try memory.check(available: MemoryLimit.available(), recipe)
    }

    /// What the ranks of the run are told.
    func plan(_ payload: TrainModel, workspace: URL, result: URL, _ context: JobContext) throws -> RankPlan {
        guard let place = payload.tokens ?? payload.dataset else {
            throw JobFailure.badInput("payload.dataset: is missing")
        }
        return RankPlan(
            recipe: recipe, model: try ModelFolder.start(payload.model, context), adapter: adapter?.path,
            dataset: try context.resolve(place), heldOut: try (payload.heldOut ?? [:]).mapValues(context.resolve),
            checkpoints: workspace.appending(path: "checkpoints").path, result: result.path,
            base: ModelFolder.name(of: payload.model))
    }

    /// The model in memory, with the adapter that the run starts from.
    func model(_ payload: TrainModel, _ context: JobContext) throws -> LlamaModel {
        try ModelFolder.start(payload.model, context).load(for: recipe, adapter: adapter?.path)
    }

    /// Throws where the adapter says that it was made over another artifact. What paths name can't be told apart.
    private static func checkBase(of adapter: URL, _ payload: TrainModel) throws {
        guard case .stored(.artifact(let model)) = payload.model, let base = try AdapterCheckpoint.base(adapter),
            case .artifact(let made) = DataReference(base), made != model
        else { return }
        throw JobFailure.badInput(
            "payload.adapter: it was trained over the model \(made), and payload.model is \(model); "
                + "name its own base, or merge it into that one first (train.merge)")
    }

    private static func dataset(of payload: TrainModel, _ context: JobContext) throws -> TokenDataset {
        if let tokens = payload.tokens {
            return try TokenDataset(tokensFile: try context.resolve(tokens))
        }
        guard let dataset = payload.dataset else { throw JobFailure.badInput("payload.dataset: is missing") }
        return try TokenDataset(folder: try context.resolve(dataset))
    }

    private static func stage(of kind: JobKind, _ dataset: TokenDataset) throws -> TrainingStage {
        switch kind {
        case .trainTune: return .instructionTuning
        case .trainSupervised:
            // Packed rows hold several samples: the paper's rule counts samples.
            var samples = 0
            for index in 0..<dataset.count { samples += Int(try dataset.sequence(index).segments.last ?? 0) + 1 }
            return .supervised(trainingSamples: samples)
        default: return .pretrain
        }
    }
}
