// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Llama
import Synchronization
import Tensors

/// A model without weights: the logits after a sequence are a function of its ids. Counts the tokens it computed.
final class ScriptedModel: SequenceModel {
    final class Cache: SequenceCache {
        var ids: [Int32]

        init(ids: [Int32]) { self.ids = ids }

        var count: Int { ids.count }

        func truncate(to count: Int) { ids = Array(ids.prefix(count)) }

        func fork(count: Int) throws -> Cache { Cache(ids: Array(ids.prefix(count))) }
    }

    let vocabularySize: Int
    let contextLength: Int
    let beginOfSequenceID: Int?
    let endOfSequenceIDs: [Int]
    private let logits: @Sendable ([Int32]) -> [Float]
    private let computed = Mutex((tokens: 0, calls: 0))

    init(
        vocabularySize: Int = 16, contextLength: Int = 64, begin: Int? = 1, end: [Int] = [2],
        logits: @escaping @Sendable ([Int32]) -> [Float]
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        beginOfSequenceID = begin
        endOfSequenceIDs = end
        self.logits = logits
    }

    /// A model that always continues with the next larger id.
    static func counting(contextLength: Int = 64) -> ScriptedModel {
        ScriptedModel(contextLength: contextLength) { ids in peak(at: ((ids.last ?? 0) + 1) % 16) }
    }

    static func peak(at id: Int32, _ others: [Int32: Float] = [:]) -> [Float] {
        (0..<16).map { $0 == id ? 5 : others[$0] ?? 0 }
    }

    var tokensComputed: Int { computed.withLock { $0.tokens } }
    var calls: Int { computed.withLock { $0.calls } }

    var pages: PageBudget { PageBudget(tokensPerPage: 4, total: 1000, free: 1000) }

    func makeCache() throws -> Cache { Cache(ids: []) }

    func extend(_ steps: [SequenceStep<Cache, Never>]) throws -> Tensor {
        var rows: [[Float]] = []
        for step in steps {
            let (tokens, cache, wanted) = (step.tokens, step.cache, step.logits)
            precondition(cache.count + tokens.count <= contextLength, "the cache is full")
            precondition(!tokens.isEmpty, "no tokens")
            computed.withLock { $0.tokens += tokens.count }
            for (index, token) in tokens.enumerated() {
                cache.ids.append(token)
                if wanted == .all || (wanted == .last && index == tokens.count - 1) { rows.append(logits(cache.ids)) }
            }
        }
        computed.withLock { $0.calls += 1 }
        return Tensor(rows.flatMap { $0 }, shape: [rows.count, vocabularySize])
    }
}
