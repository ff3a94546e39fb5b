// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Generation
import Llama
import Logging
import Messages
import ServiceRuntime
import Synchronization
import Tokenization

/// Keeps models loaded within a budget of bytes; the one that was used longest ago leaves first.
///
/// One model is read at a time; a model in use is never dropped. Blocks the calling thread.
final class ModelLibrary: Sendable {
    private let models: Mutex<LeastRecentlyUsed<ModelKey, LoadedModel>>
    /// Held while a model is read, so that two jobs never read the same one twice.
    private let reading = Mutex(())

    /// - Parameter budget: bytes of weights kept.
    init(budget: Int) { models = Mutex(LeastRecentlyUsed(budget: budget)) }

    /// Runs `body` with the model that a payload names, loading it if it is not there.
    func with<Result>(
        _ reference: ModelReference, adapter: DataReference?, _ context: JobContext,
        _ body: (LoadedModel) throws -> Result
    ) throws -> Result {
        let key = try key(reference, adapter, context)
        let (model, pinned) = try borrow(key, context.logger)
        defer { if pinned { models.withLock { $0.unpin(key) } } }
        return try body(model)
    }

    private func key(
        _ reference: ModelReference, _ adapter: DataReference?, _ context: JobContext
    ) throws -> ModelKey {
        let adapterPath = try adapter.map { try context.resolve($0) }
        switch reference {
        case .stored(let data):
            let path = try context.resolve(data)
            return .stored(
                path: path, stamp: FolderStamp.of([path, adapterPath].compactMap { $0 }), adapter: adapterPath)
        case .fresh(let configuration, let seed, let tokenizer):
            return .fresh(
                configuration: configuration, seed: seed, tokenizer: try tokenizer.map { try context.resolve($0) },
                adapter: adapterPath)
        }
    }

    private func borrow(_ key: ModelKey, _ logger: Logger) throws -> (model: LoadedModel, pinned: Bool) {
        if let model = pinned(key) { return (model, true) }
        return try reading.withLock { _ in
            if let model = pinned(key) { return (model, true) }
            let budget = models.withLock { $0.budget }
            let needed = try Self.bytes(of: key)
            guard needed <= budget else {
                throw JobFailure(
                    .badInput, title: "The model does not fit",
                    detail: "the model takes \(needed) bytes, this worker may keep \(budget); raise "
                        + "MELLAMA_MEMORY_BUDGET or ask for a smaller model")
            }
            let model = try Self.load(key)
            return models.withLock { models in
                switch models.insert(model, bytes: model.bytes, for: key) {
                case .kept(let dropped):
                    logger.info(
                        "model loaded",
                        metadata: ["bytes": "\(model.bytes)", "kept": "\(models.bytes)", "dropped": "\(dropped.count)"])
                    return (model, models.pin(key))
                case .refused:
                    // All that is kept is in use: this one serves its job and is forgotten.
                    return (model, false)
                }
            }
        }
    }

    private func pinned(_ key: ModelKey) -> LoadedModel? {
        models.withLock { $0.pin(key) ? $0.value(for: key) : nil }
    }

    private static func configuration(of key: ModelKey) throws -> LlamaConfiguration {
        switch key {
        case .stored(let path, _, _):
            try LlamaCheckpoint.configuration(URL(filePath: path, directoryHint: .isDirectory))
        case .fresh(let configuration, _, _, _):
            try LlamaCheckpoint.configuration(
                MessageEncoder.encode(configuration), name: "payload.model.configuration")
        }
    }

    private static func bytes(of key: ModelKey) throws -> Int { LoadedModel.bytes(of: try configuration(of: key)) }

    private static func load(_ key: ModelKey) throws -> LoadedModel {
        switch key {
        case .stored(let path, _, let adapter):
            let folder = URL(filePath: path, directoryHint: .isDirectory)
            return try assemble(LlamaCheckpoint.load(folder), adapter: adapter, tokenizer: path)
        case .fresh(_, let seed, let tokenizer, let adapter):
            let weights = try LlamaWeights(random: configuration(of: key), seed: seed)
            return try assemble(weights, adapter: adapter, tokenizer: tokenizer)
        }
    }

    private static func assemble(
        _ weights: LlamaWeights, adapter: String?, tokenizer path: String?
    ) throws -> LoadedModel {
        let adapter = try adapter.map {
            try AdapterCheckpoint.load(URL(filePath: $0, directoryHint: .isDirectory), for: weights.configuration)
        }
        let tokenizer = try path.flatMap { path in
            // A folder without one serves requests given as ids.
            (try? TokenizerFile.locate(path)) != nil ? try TokenizerFile.load(path: path) : nil
        }
        if let tokenizer, tokenizer.vocabularySize > weights.configuration.vocabularySize {
            throw JobFailure.badInput(
                "the tokenizer beside the model has \(tokenizer.vocabularySize) pieces, the model has embeddings for "
                    + "\(weights.configuration.vocabularySize); give the tokenizer the model was trained with")
        }
        return LoadedModel(model: try LlamaModel(weights, adapter: adapter), tokenizer: tokenizer)
    }
}
