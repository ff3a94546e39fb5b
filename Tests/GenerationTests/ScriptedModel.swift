// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Llama
import Synchronization
import Tensors

/// A model without weights: the logits after a sequence are a function of its ids. Counts the tokens it computed.
final class ScriptedModel: SequenceModel {
    final class Cache: SequenceCache {
        var ids: [Int32]
        let capacity: Int

        init(ids: [Int32], capacity: Int) {
            self.ids = ids
            self.capacity = capacity
        }

        var count: Int { ids.count }

        func truncate(to count: Int) { ids = Array(ids.prefix(count)) }

        func copy(capacity: Int) throws -> Cache { Cache(ids: ids, capacity: capacity) }
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

    func makeCache(capacity: Int) throws -> Cache { Cache(ids: [], capacity: capacity) }

    func extend(
        _ sequences: [(tokens: [Int32], cache: Cache)], logits wanted: LlamaModel.LogitsWanted
    ) throws -> Tensor {
        var rows: [[Float]] = []
        for (tokens, cache) in sequences {
            precondition(cache.count + tokens.count <= min(cache.capacity, contextLength), "the cache is full")
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
