// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Logging
import Messages
import ServiceRuntime
import Training

/// Serves `train.pretrain`, `train.tune` and `train.supervised`: one trainer with three settings.
struct TrainHandler: JobHandler {
    let kinds: [JobKind] = [.trainPretrain, .trainTune, .trainSupervised]
    /// The machines of runs with several ranks; nil for this one.
    let hostFile: String?

    func handle(_ payload: TrainModel, context: JobContext) async throws -> TrainModel.Output {
        let publisher = ModelPublisher()
        async let serving: Void = publisher.serve { request in
            try await context.publishInStore(request.folder.path, name: "model at step \(request.step)")
        }
        let trained: Trained
        do {
            trained = try await context.compute {
                defer { publisher.finish() }
                return try TrainingFailure.describing { try train(payload, context, publisher) }
            }
        } catch {
            await serving
            throw error
        }
        await serving
        let published = try await context.publish(trained.folder.path, name: trained.isAdapter ? "adapter" : "model")
        guard trained.isAdapter else { return TrainModel.Output(model: published, summary: trained.summary) }
        return TrainModel.Output(model: base(of: payload), adapter: published, summary: trained.summary)
    }

    private struct Trained: Sendable {
        let folder: URL
        let isAdapter: Bool
        let summary: TrainingSummary
    }

    /// Trains to the end on this thread, or by ranks that it waits for, and leaves what is to be published in the job's
    /// workspace.
    private func train(_ payload: TrainModel, _ context: JobContext, _ publisher: ModelPublisher) throws -> Trained {
        MemoryPeak.reset()
        let inputs = try TrainingInputs(payload, context)
        try inputs.checkMemory(payload, context)
        let workspace = URL(filePath: try context.workspace, directoryHint: .isDirectory)
        let ceiling = ComputeCeiling.operationsPerSecond(inputs.recipe.precision)
        context.logger.info("matrix products", metadata: ["gigaflops": "\(Int(ceiling / 1e9))"])
        let watch = try TrainingWatch(
            context: context, ceiling: ceiling, file: RunRecordFile(workspace: workspace))
        let started = ContinuousClock.now
        let folder = workspace.appending(path: "result")
        let isAdapter = inputs.recipe.lora != nil
        func publish(_ folder: URL, _ step: Int) throws {
            let reference = try publisher.publish(folder, step: step)
            let published =
                isAdapter
                ? PublishedModel(step: step, model: base(of: payload), adapter: reference)
                : PublishedModel(step: step, model: reference)
            try watch.published(published)
        }
        let outcome: TrainingOutcome
        if inputs.recipe.ranks > 1 {
            let run = RankedRun(
                plan: try inputs.plan(payload, workspace: workspace, result: folder, context), workspace: workspace,
                hostFile: hostFile, context: context)
            outcome = try run.run(
                onModel: { step, folder in
                    try addTokenizer(to: folder, isAdapter: isAdapter, of: payload, context)
                    try publish(folder, step)
                }, onEvent: { watch.note($0) })
            if case .completed = outcome { try addTokenizer(to: folder, isAdapter: isAdapter, of: payload, context) }
        } else {
            var trainer = try Trainer(
                model: inputs.model(payload, context), recipe: inputs.recipe, dataset: inputs.dataset,
                heldOut: inputs.heldOut, checkpoints: workspace.appending(path: "checkpoints"))
            outcome = try trainer.run(
                resume: true, shouldStop: { context.stopReason != nil },
                onModel: { step, model in
                    let folder = workspace.appending(path: "published-\(step)")
                    try write(model, of: payload, to: folder, context)
                    try publish(folder, step)
                }, onEvent: { watch.note($0) })
            if case .completed = outcome { try write(trainer.model, of: payload, to: folder, context) }
            context.note("plannedMemoryBytes", Double(trainer.memory.total))
            if let peak = MemoryPeak.bytes() { context.note("peakMemoryBytes", Double(peak)) }
        }
        guard case .completed(let result) = outcome else {
            try context.checkStop()
            throw JobFailure(
                .internalError, title: "Training stopped early", detail: "nothing asked it to", retryable: true)
        }
        let summary = watch.summary(of: result, seconds: (ContinuousClock.now - started) / .seconds(1))
        return Trained(folder: folder, isAdapter: isAdapter, summary: summary)
    }

    /// Writes what is trained, as it is published: the adapter, or the model with its tokenizer.
    private func write(_ model: LlamaModel, of payload: TrainModel, to folder: URL, _ context: JobContext) throws {
        try? FileManager.default.removeItem(at: folder)
        if let adapter = model.adapter {
            return try AdapterCheckpoint.save(adapter, to: folder, base: ModelFolder.name(of: payload.model))
        }
        try LlamaCheckpoint.save(model.weights, to: folder)
        try addTokenizer(to: folder, isAdapter: false, of: payload, context)
    }

    /// Puts the tokenizer beside a model's weights; an adapter has its base's.
    private func addTokenizer(
        to folder: URL, isAdapter: Bool, of payload: TrainModel, _ context: JobContext
    ) throws {
        guard !isAdapter else { return }
        try ModelFolder.copyTokenizer(
            from: ModelFolder.tokenizerFolders(payload.model, dataset: payload.dataset, context), to: folder)
    }

    private func base(of payload: TrainModel) -> DataReference? {
        if case .stored(let reference) = payload.model { reference } else { nil }
    }
}
