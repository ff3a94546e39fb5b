// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama
public import Tensors

/// The keys and values of one sequence of a ``LlamaModel``, in memory that doubles when it is full.
public final class LlamaSequenceCache: SequenceCache {
    private(set) var keysAndValues: KVCache
    private let configuration: LlamaConfiguration

    init(_ configuration: LlamaConfiguration, keysAndValues: KVCache? = nil) throws {
        self.configuration = configuration
        self.keysAndValues =
            try keysAndValues ?? KVCache(configuration, capacity: min(64, configuration.maxPositions))
    }

    public var count: Int { keysAndValues.count }

    public func truncate(to count: Int) { keysAndValues.truncate(to: count) }

    public func fork(count: Int) throws -> LlamaSequenceCache {
        let copy = try keysAndValues.fork()
        copy.truncate(to: count)
        return try LlamaSequenceCache(configuration, keysAndValues: copy)
    }

    /// Makes room for `more` tokens, within the model's context.
    func reserve(_ more: Int) throws {
        let needed = count + more
        guard needed > keysAndValues.capacity, needed <= configuration.maxPositions else { return }
        let capacity = min(configuration.maxPositions, max(needed, 2 * keysAndValues.capacity))
        keysAndValues = try keysAndValues.fork(capacity: capacity)
    }
}

/// An adapter over a model whose weights it shares.
public final class LlamaSequenceAdapter: Sendable {
    let model: LlamaModel

    /// Throws `invalidAdapter` if the adapter was made for other dimensions.
    public init(_ adapter: LoRAAdapter, over model: LlamaModel) throws {
        self.model = try LlamaModel(model.weights, adapter: adapter)
    }
}

extension LlamaModel: SequenceModel {
    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int { configuration.maxPositions }
    public var beginOfSequenceID: Int? { configuration.beginOfSequenceID }
    public var endOfSequenceIDs: [Int] { configuration.endOfSequenceIDs }

    /// As many pages as 2 GiB hold: this model takes memory from the system and counts none.
    public var pages: PageBudget {
        let tokensPerPage = 16
        let page = 2 * configuration.layerCount * configuration.keyValueWidth * tokensPerPage * 4
        let total = max(1, (2 << 30) / max(1, page))
        return PageBudget(tokensPerPage: tokensPerPage, total: total, free: total)
    }

    public func makeCache() throws -> LlamaSequenceCache { try LlamaSequenceCache(configuration) }

    /// Extends the sequences of each adapter together; those without one by the model itself.
    public func extend(_ steps: [SequenceStep<LlamaSequenceCache, LlamaSequenceAdapter>]) throws -> Tensor {
        for step in steps { try step.cache.reserve(step.tokens.count) }
        let adapters = steps.map { step in step.adapter.map(ObjectIdentifier.init) }
        guard let first = adapters.first, adapters.contains(where: { $0 != first }) else {
            return try (steps.first?.adapter?.model ?? self).extend(steps.map(Self.plain))
        }
        var rows = [[Float]](repeating: [], count: steps.count)
        for adapter in Set(adapters) {
            let members = steps.indices.filter { adapters[$0] == adapter }
            let logits = try (steps[members[0]].adapter?.model ?? self).extend(members.map { Self.plain(steps[$0]) })
            logits.withUnsafeValues { values in
                var start = 0
                for member in members {
                    let count = Self.rows(steps[member]) * vocabularySize
                    rows[member] = Array(values[start..<start + count])
                    start += count
                }
            }
        }
        return Tensor(rows.flatMap { $0 }, shape: [steps.reduce(0) { $0 + Self.rows($1) }, vocabularySize])
    }

    private static func rows(_ step: SequenceStep<LlamaSequenceCache, LlamaSequenceAdapter>) -> Int {
        switch step.logits {
        case .none: 0
        case .last: 1
        case .all: step.tokens.count
        }
    }

    private static func plain(
        _ step: SequenceStep<LlamaSequenceCache, LlamaSequenceAdapter>
    ) -> (tokens: [Int32], cache: KVCache, logits: LogitsWanted) {
        (step.tokens, step.cache.keysAndValues, step.logits)
    }
}
