// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Llama
import Synchronization
import Tensors

/// A model without weights: the logits after a sequence are a function of its ids and its adapter, to the bit.
///
/// Its caches share pages as a real one's do. It counts the tokens it computed and the pages that live.
final class ScriptedModel: SequenceModel {
    /// The pages that live, and the most that did.
    final class Pool: Sendable {
        struct Count {
            var live = 0
            var most = 0
        }

        let count = Mutex(Count())
        let total: Int
        init(total: Int) { self.total = total }
    }

    final class Page {
        fileprivate(set) var ids: [Int32]
        private let pool: Pool

        init(_ ids: [Int32], _ pool: Pool) {
            self.ids = ids
            self.pool = pool
            pool.count.withLock { count in
                count.live += 1
                count.most = max(count.most, count.live)
            }
        }

        deinit { pool.count.withLock { $0.live -= 1 } }
    }

    struct NoPage: Error {}

    final class Cache: SequenceCache {
        static let pageSize = 4
        private var pages: [Page] = []
        private let pool: Pool

        init(_ pool: Pool) { self.pool = pool }

        var ids: [Int32] { pages.flatMap(\.ids) }
        var count: Int { pages.isEmpty ? 0 : (pages.count - 1) * Self.pageSize + pages[pages.count - 1].ids.count }

        func append(_ id: Int32) throws {
            if let last = pages.last, last.ids.count < Self.pageSize {
                last.ids.append(id)
            } else {
                guard pool.count.withLock({ $0.live < pool.total }) else { throw NoPage() }
                pages.append(Page([id], pool))
            }
        }

        func truncate(to count: Int) { pages = Self.pages(Array(ids.prefix(count)), from: pages, pool) }

        func fork(count: Int) throws -> Cache {
            let other = Cache(pool)
            other.pages = Self.pages(Array(ids.prefix(count)), from: pages, pool)
            return other
        }

        func fork(count: Int, over base: Cache, shared: Int) -> Cache {
            precondition(count % Self.pageSize == 0 && shared % Self.pageSize == 0)
            let other = Cache(pool)
            other.pages = Array(
                base.pages.prefix(shared / Self.pageSize) + pages[(shared / Self.pageSize)..<(count / Self.pageSize)])
            return other
        }

        /// Whole pages are shared, the last in part is copied.
        private static func pages(_ ids: [Int32], from pages: [Page], _ pool: Pool) -> [Page] {
            let rest = ids.count % pageSize
            return Array(pages.prefix(ids.count / pageSize)) + (rest > 0 ? [Page(Array(ids.suffix(rest)), pool)] : [])
        }
    }

    let vocabularySize: Int
    let contextLength: Int
    let beginOfSequenceID: Int?
    let endOfSequenceIDs: [Int]
    let pool: Pool
    private let logits: @Sendable ([Int32], Int) -> [Float]
    private let computed = Mutex((tokens: 0, calls: 0, sizes: [Int]()))

    init(
        vocabularySize: Int = 16, contextLength: Int = 64, begin: Int? = 1, end: [Int] = [2], pages: Int = 1000,
        adapted logits: @escaping @Sendable ([Int32], Int) -> [Float]
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        beginOfSequenceID = begin
        endOfSequenceIDs = end
        pool = Pool(total: pages)
        self.logits = logits
    }

    convenience init(
        vocabularySize: Int = 16, contextLength: Int = 64, begin: Int? = 1, end: [Int] = [2],
        logits: @escaping @Sendable ([Int32]) -> [Float]
    ) {
        self.init(vocabularySize: vocabularySize, contextLength: contextLength, begin: begin, end: end) { ids, _ in
            logits(ids)
        }
    }

    /// A model that always continues with the next larger id.
    static func counting(contextLength: Int = 64) -> ScriptedModel {
        ScriptedModel(contextLength: contextLength) { ids in peak(at: ((ids.last ?? 0) + 1) % 16) }
    }

    /// A model whose every logit depends on every id before it, and on the adapter: one wrong id or place anywhere shows.
    static func scrambling(
        vocabularySize: Int = 64, contextLength: Int = 256, end: [Int] = [], pages: Int = 1000
    ) -> ScriptedModel {
        ScriptedModel(vocabularySize: vocabularySize, contextLength: contextLength, end: end, pages: pages) {
            ids, adapter in
            var key = Xoshiro256.mix(UInt64(adapter) &+ 17)
            for id in ids { key = Xoshiro256.mix(key ^ UInt64(bitPattern: Int64(id))) }
            return (0..<vocabularySize).map {
                Float(Xoshiro256.mix(key &+ UInt64($0)) >> 40) / Float(1 << 24) * 6
            }
        }
    }

    static func peak(at id: Int32, _ others: [Int32: Float] = [:]) -> [Float] {
        (0..<16).map { $0 == id ? 5 : others[$0] ?? 0 }
    }

    var tokensComputed: Int { computed.withLock { $0.tokens } }
    var calls: Int { computed.withLock { $0.calls } }
    /// Steps in each call.
    var callSizes: [Int] { computed.withLock { $0.sizes } }
    var mostPages: Int { pool.count.withLock { $0.most } }

    var pages: PageBudget {
        PageBudget(
            tokensPerPage: Cache.pageSize, total: pool.total, free: pool.total - pool.count.withLock { $0.live })
    }

    func makeCache() throws -> Cache { Cache(pool) }

    func extend(_ steps: [SequenceStep<Cache, Int>]) throws -> Tensor {
        var rows: [[Float]] = []
        for step in steps {
            precondition(step.cache.count + step.tokens.count <= contextLength, "the context is full")
            precondition(!step.tokens.isEmpty, "no tokens")
            computed.withLock { $0.tokens += step.tokens.count }
            for (index, token) in step.tokens.enumerated() {
                try step.cache.append(token)
                if step.logits == .all || (step.logits == .last && index == step.tokens.count - 1) {
                    rows.append(logits(step.cache.ids, step.adapter ?? 0))
                }
            }
        }
        computed.withLock { count in
            count.calls += 1
            count.sizes.append(steps.count)
        }
        return Tensor(rows.flatMap { $0 }, shape: [rows.count, vocabularySize])
    }
}
