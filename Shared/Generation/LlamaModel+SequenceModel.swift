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

    /// Extends the sequences with the model's own adapter, if it has one; the steps' adapters are not of this model.
    public func extend(_ steps: [SequenceStep<LlamaSequenceCache, LoRAAdapter>]) throws -> Tensor {
        for step in steps { try step.cache.reserve(step.tokens.count) }
        return try extend(
            steps.map { (tokens: $0.tokens, cache: $0.cache.keysAndValues, logits: $0.logits) })
    }
}
