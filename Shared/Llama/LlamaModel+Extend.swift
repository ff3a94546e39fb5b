// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

extension LlamaModel {
    /// Which of the new tokens logits are wanted for.
    public enum LogitsWanted: Sendable {
        /// The last token of every sequence: [sequences, vocabulary].
        case last
        /// Every new token, sequences one after the other: [new tokens, vocabulary].
        case all
        /// None, when only the caches matter: [0, vocabulary].
        case none
    }

    /// Appends tokens to one sequence and returns the logits that follow them, [1, vocabulary] or [tokens, vocabulary].
    public func extend(
        _ tokens: [Int32], cache: KVCache, logits wanted: LogitsWanted = .last
    ) throws(LlamaError) -> Tensor {
        try extend([(tokens, cache)], logits: wanted)
    }

    /// Appends tokens to several sequences at once, with logits of the same tokens of each.
    public func extend(
        _ sequences: [(tokens: [Int32], cache: KVCache)], logits wanted: LogitsWanted = .last
    ) throws(LlamaError) -> Tensor {
        try extend(sequences.map { ($0.tokens, $0.cache, wanted) })
    }

    /// Appends tokens to several sequences at once, each with its own cache: their rows share every matrix product.
    /// The reference that tests hold ``ServedLlama`` to.
    ///
    /// - Returns: the logits that are wanted of each sequence, in the order of `sequences`.
    /// - Throws: `invalidBatch` for no tokens or ids outside the vocabulary; `invalidCache` for a cache that is full,
    ///   of other dimensions, or used twice in the call. Caches are then as before.
    public func extend(
        _ sequences: [(tokens: [Int32], cache: KVCache, logits: LogitsWanted)]
    ) throws(LlamaError) -> Tensor {
        try check(sequences)
        var ids: [Int32] = []
        var positions: [Int32] = []
        var spans: [(span: TokenBatch.Span, cache: KVCache)] = []
        var chosen: [Int] = []
        for (tokens, cache, wanted) in sequences {
            spans.append((TokenBatch.Span(start: ids.count, count: tokens.count), cache))
            ids += tokens
            positions += (0..<tokens.count).map { Int32(cache.count + $0) }
            switch wanted {
            case .last: chosen.append(ids.count - 1)
            case .all: chosen += (ids.count - tokens.count)..<ids.count
            case .none: break
            }
        }
        var result = Tensor(zeros: [chosen.count, configuration.vocabularySize])
        try withPass(ids: ids, positions: positions, attention: .caches(spans)) { (pass) throws(LlamaError) in
            let a = try pass.activations()
            pass.embed(into: a.input)
            try pass.blocks(a)
            guard !chosen.isEmpty else { return }
            pass.finalNorm(
                a.input, rows: chosen, gathered: a.middle, into: pass.normed, inverse: a.inputInverse)
            result.withUnsafeMutableValues { values in
                guard let base = values.baseAddress else { return }
                pass.head(pass.normed, rows: chosen.count, into: base)
            }
        }
        for (tokens, cache, _) in sequences { cache.count += tokens.count }
        return result
    }

    private func check(
        _ sequences: [(tokens: [Int32], cache: KVCache, logits: LogitsWanted)]
    ) throws(LlamaError) {
        guard !sequences.isEmpty else { throw LlamaError(.invalidBatch, "no sequence to extend") }
        var seen: Set<ObjectIdentifier> = []
        for (tokens, cache, _) in sequences {
            guard !tokens.isEmpty else { throw LlamaError(.invalidBatch, "a sequence to extend has no new tokens") }
            let size = Int32(configuration.vocabularySize)
            if let token = tokens.first(where: { $0 < 0 || $0 >= size }) {
                throw LlamaError(.invalidBatch, "token id \(token) is outside the vocabulary of \(size)")
            }
            guard cache.configuration == configuration else {
                throw LlamaError(.invalidCache, "the cache was made for a model of other dimensions")
            }
            guard cache.count + tokens.count <= cache.capacity else {
                throw LlamaError(
                    .invalidCache,
                    "\(tokens.count) tokens do not fit a cache of \(cache.capacity) that holds \(cache.count)")
            }
            guard seen.insert(ObjectIdentifier(cache)).inserted else {
                throw LlamaError(.invalidCache, "one cache is used for two sequences of a call")
            }
        }
    }
}
