// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Generation

@Suite("Kept beginnings are found at whole pages, counted once, and leave least recently used first")
struct PrefixTreeTests {
    private typealias Cache = ScriptedModel.Cache

    private let pool = ScriptedModel.Pool(total: 10_000)

    private func cache(_ ids: [Int32]) throws -> Cache {
        let cache = Cache(pool)
        for id in ids { try cache.append(id) }
        return cache
    }

    private func insert(_ ids: [Int32], into tree: PrefixTree<Cache>, adapter: String = "") throws -> Int {
        try tree.insert(ids, count: ids.count, cache: cache(ids), adapter: adapter)?.added ?? 0
    }

    @Test("The longest whole pages in common, with the right contents")
    func match() throws {
        let tree = PrefixTree<Cache>(pageSize: 4)
        #expect(try insert([1, 2, 3, 4, 5, 6, 7, 8, 9], into: tree) == 2)
        #expect(try insert([1, 2, 3, 4, 5, 6, 0, 0], into: tree) == 1)
        #expect(try insert([1, 2, 3, 4], into: tree) == 0)
        #expect(tree.pages == 3)
        let found = try #require(tree.match([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], limit: 100, adapter: ""))
        #expect(found.count == 8)
        #expect(try found.node.cache.fork(count: 8).ids == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(tree.match([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], limit: 7, adapter: "")?.count == 4)
        #expect(tree.match([1, 2, 3], limit: 100, adapter: "") == nil)
        #expect(tree.match([1, 2, 3, 4, 5], limit: 100, adapter: "other") == nil)
    }

    @Test("What is in use and what it rests on stays; the rest goes, oldest first")
    func eviction() throws {
        let tree = PrefixTree<Cache>(pageSize: 4)
        _ = try insert([1, 1, 1, 1, 2, 2, 2, 2], into: tree)
        _ = try insert([1, 1, 1, 1, 3, 3, 3, 3], into: tree)
        _ = try insert([5, 5, 5, 5], into: tree, adapter: "a")
        let used = try #require(tree.match([1, 1, 1, 1, 2, 2, 2, 2, 0], limit: 9, adapter: ""))
        tree.pin(used.node)
        #expect(tree.evict(1) == 1)
        #expect(tree.match([1, 1, 1, 1, 3, 3, 3, 3], limit: 8, adapter: "")?.count == 4)
        #expect(tree.evict(100) == 1)
        #expect(tree.pages == 2)
        tree.unpin(used.node)
        #expect(tree.evict(100) == 2)
        #expect(tree.pages == 0)
    }

    @Test("Against plain lists, on random prompts", arguments: 0..<8)
    func random(seed: UInt64) throws {
        var random = TestRandom(seed + 3)
        let tree = PrefixTree<Cache>(pageSize: 4)
        var known: [[Int32]] = []
        for _ in 0..<200 {
            let ids = (0..<Int.random(in: 0...30, using: &random)).map { _ in Int32.random(in: 0...1, using: &random) }
            let best = known.map { zip($0, ids).prefix { $0 == $1 }.count }.max() ?? 0
            let found = tree.match(ids, limit: ids.count, adapter: "")
            #expect(found?.count ?? 0 == best / 4 * 4)
            if let found {
                #expect(try found.node.cache.fork(count: found.count).ids == Array(ids.prefix(found.count)))
            }
            #expect(try insert(ids, into: tree) == ids.count / 4 - best / 4)
            known.append(Array(ids.prefix(ids.count / 4 * 4)))
            let pages = Set(known.flatMap { list in (0..<list.count / 4).map { Array(list.prefix(($0 + 1) * 4)) } })
            #expect(tree.pages == pages.count)
            // Each prompt was computed whole, in pages of its own: no more of them are held than are counted.
            #expect(pool.count.withLock { $0.live } == tree.pages)
        }
        let pages = tree.pages
        #expect(tree.evict(pages) == pages && tree.pages == 0)
        #expect(pool.count.withLock { $0.live } == 0)
    }
}
