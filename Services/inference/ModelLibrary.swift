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

/// Keeps models and adapters loaded within a budget of bytes; what was used longest ago leaves first.
///
/// One is read at a time; what is in use is never dropped. An adapter stands over a loaded model and shares its weights.
/// Blocks the calling thread.
final class ModelLibrary: Sendable {
    private enum Resident: Sendable {
        case model(LoadedModel)
        case adapter(ServedAdapter)
    }

    private let kept: Mutex<LeastRecentlyUsed<ResidentKey, Resident>>
    /// Held while something is read, so that two jobs never read the same twice.
    private let reading = Mutex(())
    /// How payloads named what is kept, or is being read.
    private let names = Mutex<[ModelKey: Set<ModelReference>]>([:])
    private let metrics: InferenceMetrics
    private let packed: PackedWeightCache

    /// - Parameters:
    ///   - budget: bytes of weights kept.
    ///   - packed: where repacked weights are shared with other processes.
    init(budget: Int, metrics: InferenceMetrics, packed: PackedWeightCache) {
        self.packed = packed
        kept = Mutex(LeastRecentlyUsed(budget: budget))
        self.metrics = metrics
    }

    /// The model that a payload names, with its adapter; loads what is not there. Each needs a ``giveBack(_:)``.
    func borrow(
        _ reference: ModelReference, adapter: DataReference?, _ context: JobContext
    ) throws -> BorrowedModel {
        let key = try key(reference, context)
        name(key, reference)
        let (resident, modelPins) = try borrow(.model(key), context.logger) { makeRoom in
            .model(try load(key, makeRoom))
        }
        guard case .model(let loaded) = resident else { preconditionFailure("a model's key keeps a model") }
        guard let adapter else {
            return BorrowedModel(loaded: loaded, adapter: nil, adapterName: "", pins: modelPins)
        }
        do {
            let path = try context.resolve(adapter)
            let adapterKey = AdapterKey(model: key, path: path, stamp: FolderStamp.of([path]))
            let (resident, pins) = try borrow(.adapter(adapterKey), context.logger) { _ in
                .adapter(try Self.load(adapter: path, over: loaded.model))
            }
            guard case .adapter(let adapter) = resident else { preconditionFailure("an adapter's key keeps one") }
            return BorrowedModel(
                loaded: loaded, adapter: adapter, adapterName: adapterKey.name, pins: modelPins + pins)
        } catch {
            unpin(modelPins)
            throw error
        }
    }

    /// The models in memory, as payloads have named them.
    var loadedModels: [ModelReference] { names.withLock { $0.values.flatMap { $0 } } }

    /// Notes a name of what is about to be used, and forgets those of what has left.
    private func name(_ key: ModelKey, _ reference: ModelReference) {
        let kept = Set(kept.withLock { $0.keys })
        names.withLock { names in
            names = names.filter { kept.contains(.model($0.key)) }
            names[key, default: []].insert(reference)
        }
    }

    func giveBack(_ borrowed: BorrowedModel) { unpin(borrowed.pins) }

    private func unpin(_ keys: [ResidentKey]) { kept.withLock { kept in for key in keys { kept.unpin(key) } } }

    private func key(_ reference: ModelReference, _ context: JobContext) throws -> ModelKey {
        switch reference {
        case .stored(let data):
            let path = try context.resolve(data)
            return .stored(path: path, stamp: FolderStamp.of([path]))
        case .fresh(let configuration, let seed, let tokenizer):
            return .fresh(
                configuration: configuration, seed: seed, tokenizer: try tokenizer.map { try context.resolve($0) })
        case .remote: throw JobFailure.badInput("payload.model: a remote model is not loaded")
        }
    }

    private func borrow(
        _ key: ResidentKey, _ logger: Logger, load: (_ makeRoom: (Int) -> Void) throws -> Resident
    ) throws -> (Resident, pins: [ResidentKey]) {
        if let resident = pinned(key) { return (resident, [key]) }
        return try reading.withLock { _ in
            if let resident = pinned(key) { return (resident, [key]) }
            // What leaves does so first: both at once would pass the budget.
            var dropped = 0
            let resident = try load { bytes in dropped += kept.withLock { Self.makeRoom(for: bytes, in: &$0) } }
            let bytes = Self.bytes(of: resident)
            return kept.withLock { kept in
                dropped += Self.makeRoom(for: bytes, in: &kept)
                guard case .kept = kept.insert(resident, bytes: bytes, for: key) else {
                    // All that is kept is in use: this one serves its job and is forgotten.
                    return (resident, [])
                }
                metrics.loaded(bytes: kept.bytes)
                logger.info(
                    "model loaded",
                    metadata: [
                        "bytes": "\(bytes)", "kept": "\(kept.bytes)", "dropped": "\(dropped)",
                        "pages": "\(Self.pages(of: resident))",
                    ])
                return (resident, kept.pin(key) ? [key] : [])
            }
        }
    }

    /// Drops what was used longest ago until so many bytes fit, where they can; returns how many were.
    private static func makeRoom(for bytes: Int, in kept: inout LeastRecentlyUsed<ResidentKey, Resident>) -> Int {
        let dropped = kept.makeRoom(for: bytes) ?? []
        // An adapter holds the weights it stands over: it leaves with them.
        for case .adapter(let adapter) in kept.keys where dropped.contains(.model(adapter.model)) {
            _ = kept.remove(.adapter(adapter))
        }
        return dropped.count
    }

    private func pinned(_ key: ResidentKey) -> Resident? {
        kept.withLock { $0.pin(key) ? $0.value(for: key) : nil }
    }

    private static func bytes(of resident: Resident) -> Int {
        switch resident {
        case .model(let model): model.bytes
        case .adapter(let adapter): adapter.bytes
        }
    }

    private static func pages(of resident: Resident) -> Int {
        guard case .model(let model) = resident else { return 0 }
        return model.model.pages.total
    }

    private func load(_ key: ModelKey, _ makeRoom: (Int) -> Void) throws -> LoadedModel {
        switch key {
        case .stored(let path, let stamp):
            return try assemble(
                CheckpointWeights(URL(filePath: path, directoryHint: .isDirectory)), tokenizer: path,
                packed.place(of: "\(path)\n\(stamp)"), makeRoom)
        case .fresh(let configuration, let seed, let tokenizer):
            let configuration = try LlamaCheckpoint.configuration(
                MessageEncoder.encode(configuration), name: "payload.model.configuration")
            // Drawn in float32 before they are packed.
            try checkSize(configuration.parameterCount * 4)
            makeRoom(configuration.parameterCount * 4)
            return try assemble(
                MemoryWeights(LlamaWeights(random: configuration, seed: seed)), tokenizer: tokenizer, PrivateMemory(),
                makeRoom)
        }
    }

    private static func load(adapter path: String, over model: ServedLlama) throws -> ServedAdapter {
        try ServedAdapter(
            AdapterCheckpoint.load(URL(filePath: path, directoryHint: .isDirectory), for: model.configuration))
    }

    private func checkSize(_ needed: Int) throws {
        let budget = kept.withLock { $0.budget }
        guard needed <= budget else {
            throw JobFailure(
                .badInput, title: "The model does not fit",
                detail: "the model takes \(needed) bytes, this worker may keep \(budget); raise "
                    + "MELLAMA_MEMORY_BUDGET or ask for a smaller model")
        }
    }

    private func assemble(
        _ source: some WeightSource, tokenizer path: String?, _ place: some PackedWeightPlace,
        _ makeRoom: (Int) -> Void
    ) throws -> LoadedModel {
        let tokenizer = try path.flatMap { path in
            // A folder without one serves requests given as ids.
            (try? TokenizerFile.locate(path)) != nil ? try TokenizerFile.load(path: path) : nil
        }
        if let tokenizer, tokenizer.vocabularySize > source.configuration.vocabularySize {
            throw JobFailure.badInput(
                "the tokenizer beside the model has \(tokenizer.vocabularySize) pieces, the model has embeddings for "
                    + "\(source.configuration.vocabularySize); give the tokenizer the model was trained with")
        }
        let plan = try ServingPlan(source, budget: kept.withLock { $0.budget })
        try checkSize(plan.bytes)
        makeRoom(plan.bytes)
        let model = try ServedLlama(
            source, format: plan.format, cacheBytes: plan.cacheBytes, weightsIn: place)
        // A template that is not known matters only to who sends messages and names none.
        let template = try? path.flatMap { try ChatTemplate.find(inFolder: $0) }
        return try LoadedModel(
            model, bytes: model.weightBytes + plan.cacheBytes, tokenizer: tokenizer, chatTemplate: template,
            onStep: metrics.watch())
    }
}
