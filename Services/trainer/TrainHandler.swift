// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Corpora
import Foundation
import Llama
import Logging
import Messages
import ServiceRuntime
import Training

/// Serves `train.pretrain`, `train.tune` and `train.supervised`: one trainer with three settings.
struct TrainHandler: JobHandler {
    let kinds: [JobKind] = [.trainPretrain, .trainTune, .trainSupervised]

    func handle(_ payload: TrainModel, context: JobContext) async throws -> TrainModel.Output {
        let trained = try await context.compute {
            try TrainingFailure.describing { try train(payload, context) }
        }
        let published = try await context.publish(trained.folder.path, name: trained.isAdapter ? "adapter" : "model")
        guard trained.isAdapter else { return TrainModel.Output(model: published, summary: trained.summary) }
        var base: DataReference?
        if case .stored(let reference) = payload.model { base = reference }
        return TrainModel.Output(model: base, adapter: published, summary: trained.summary)
    }

    private struct Trained: Sendable {
        let folder: URL
        let isAdapter: Bool
        let summary: TrainingSummary
    }

    /// Trains to the end on this thread and leaves what is to be published in the job's workspace.
    private func train(_ payload: TrainModel, _ context: JobContext) throws -> Trained {
        let dataset = try dataset(of: payload, context)
        if let place = payload.dataset {
            for folder in try ModelFolder.tokenizerFolders(payload.model, dataset: nil, context) {
                try dataset.checkTokenizer(in: folder.path, name: "payload.dataset: \(place.text)")
            }
        }
        let model = try ModelFolder.model(payload.model, context)
        let recipe = try TrainingRecipe(
            stage: try stage(of: context.kind, dataset), overrides: payload.recipe ?? TrainingSettings())
        let workspace = URL(filePath: try context.workspace, directoryHint: .isDirectory)
        var trainer = try Trainer(
            model: model, recipe: recipe, dataset: dataset, heldOut: try heldOut(of: payload, context),
            checkpoints: workspace.appending(path: "checkpoints"))
        if recipe.evaluateEvery > 0, payload.heldOut == nil {
            context.logger.warning("evaluateEvery has no effect without heldOut")
        }
        let watch = TrainingWatch(context: context)
        let started = ContinuousClock.now
        let outcome = try trainer.run(
            resume: true, shouldStop: { context.stopReason != nil }, onEvent: { watch.note($0) })
        guard case .completed(let result) = outcome else {
            try context.checkStop()
            throw JobFailure(
                .internalError, title: "Training stopped early", detail: "nothing asked it to", retryable: true)
        }

        let seconds = (ContinuousClock.now - started) / .seconds(1)
        let summary = watch.summary(of: result, seconds: seconds)
        let folder = workspace.appending(path: "result")
        try? FileManager.default.removeItem(at: folder)
        if let adapter = trainer.model.adapter {
            try AdapterCheckpoint.save(adapter, to: folder, base: ModelFolder.name(of: payload.model))
            return Trained(folder: folder, isAdapter: true, summary: summary)
        }
        try LlamaCheckpoint.save(trainer.model.weights, to: folder)
        try ModelFolder.copyTokenizer(
            from: ModelFolder.tokenizerFolders(payload.model, dataset: payload.dataset, context), to: folder)
        return Trained(folder: folder, isAdapter: false, summary: summary)
    }

    private func dataset(of payload: TrainModel, _ context: JobContext) throws -> TokenDataset {
        if let tokens = payload.tokens {
            return try TokenDataset(tokensFile: try context.resolve(tokens))
        }
        guard let dataset = payload.dataset else { throw JobFailure.badInput("payload.dataset: is missing") }
        return try TokenDataset(folder: try context.resolve(dataset))
    }

    /// The held-out rows of all domains together.
    private func heldOut(of payload: TrainModel, _ context: JobContext) throws -> TokenDataset? {
        guard let heldOut = payload.heldOut, !heldOut.isEmpty else { return nil }
        var rows: [TokenSequence] = []
        var vocabularySize = 0
        for (_, reference) in heldOut.sorted(by: { $0.key < $1.key }) {
            let part = try TokenDataset(folder: try context.resolve(reference))
            vocabularySize = max(vocabularySize, part.vocabularySize)
            for index in 0..<part.count { rows.append(try part.sequence(index)) }
        }
        return try TokenDataset(rows: rows, vocabularySize: vocabularySize)
    }

    private func stage(of kind: JobKind, _ dataset: TokenDataset) throws -> TrainingStage {
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
