// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// Computes the caches of prompts, several at once, and starts from what an earlier prompt has in common.
///
/// The last prompt filled is the stem: a prompt that begins like it takes a copy of that part of its cache. Prompts of
/// one benchmark share their examples, so most of the work is done once.
struct PromptFiller<Model: SequenceModel> {
    /// A prompt's cache and the logits after its last token.
    typealias Filled = (cache: Model.Cache, logits: [Float])
    private typealias Pending = (index: Int, tokens: [Int32], cache: Model.Cache)

    let model: Model
    /// Tokens computed in one call at most.
    let tokenLimit: Int
    /// A shorter common beginning is not worth a copy.
    static var shortestShared: Int { 8 }

    private var stem: (ids: [Int32], cache: Model.Cache)?

    init(model: Model, tokenLimit: Int) {
        self.model = model
        self.tokenLimit = max(1, tokenLimit)
    }

    /// The caches of `prompts`, in their order. Prompts are checked before: not empty, within the context.
    ///
    /// A cache that is handed out may be extended and truncated by its owner, but never below its prompt.
    mutating func fill(_ prompts: [[Int32]]) throws -> [Filled] {
        var filled = [Filled?](repeating: nil, count: prompts.count)
        var pending: [Pending] = []
        for (index, prompt) in prompts.enumerated() {
            let shared = min(commonCount(prompt), prompt.count - 1)
            if shared >= Self.shortestShared, let stem {
                if stem.cache.count < shared { try compute(&pending, into: &filled) }
                pending.append((index, Array(prompt[shared...]), try stem.cache.fork(count: shared)))
            } else {
                pending.append((index, prompt, try model.makeCache()))
            }
            stem = (prompt, pending[pending.count - 1].cache)
            if pending.reduce(0, { $0 + $1.tokens.count }) >= tokenLimit { try compute(&pending, into: &filled) }
        }
        try compute(&pending, into: &filled)
        return filled.compactMap { $0 }
    }

    private func commonCount(_ ids: [Int32]) -> Int {
        guard let stem else { return 0 }
        return zip(stem.ids, ids).prefix { $0 == $1 }.count
    }

    private func compute(_ pending: inout [Pending], into filled: inout [Filled?]) throws {
        var batch: [Pending] = []
        var tokens = 0
        for item in pending {
            let head = item.tokens.count - min(item.tokens.count, tokenLimit)
            var start = 0
            while start < head {
                let end = min(start + tokenLimit, head)
                let tokens = Array(item.tokens[start..<end])
                _ = try model.extend([SequenceStep(tokens: tokens, cache: item.cache, logits: .none)])
                start = end
            }
            let rest = Array(item.tokens[head...])
            if tokens + rest.count > tokenLimit { try finish(&batch, into: &filled) }
            tokens = batch.isEmpty ? rest.count : tokens + rest.count
            batch.append((item.index, rest, item.cache))
        }
        try finish(&batch, into: &filled)
        pending = []
    }

    private func finish(_ batch: inout [Pending], into filled: inout [Filled?]) throws {
        guard !batch.isEmpty else { return }
        let logits = try model.extend(
            batch.map { SequenceStep(tokens: $0.tokens, cache: $0.cache, logits: .last) })
        for (row, item) in batch.enumerated() {
            filled[item.index] = (item.cache, LogitRows.row(row, of: logits, width: model.vocabularySize))
        }
        batch = []
    }
}
