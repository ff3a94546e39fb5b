// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Llama
public import Tensors

extension PagedCache: SequenceCache {}

extension ServedLlama: SequenceModel {
    public var vocabularySize: Int { configuration.vocabularySize }
    public var contextLength: Int { configuration.maxPositions }
    public var beginOfSequenceID: Int? { configuration.beginOfSequenceID }
    public var endOfSequenceIDs: [Int] { configuration.endOfSequenceIDs }

    public var pages: PageBudget {
        PageBudget(tokensPerPage: KeyValuePool.tokensPerPage, total: pool.total, free: pool.free)
    }

    /// Extends each sequence with its own adapter, which must be made for this model.
    public func extend(_ steps: [SequenceStep<PagedCache, ServedAdapter>]) throws -> Tensor {
        try extend(
            steps.map { ServedStep(tokens: $0.tokens, cache: $0.cache, adapter: $0.adapter, logits: $0.logits) })
    }
}
