// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The keys and values of beginnings that earlier sequences had in common, as a radix tree over whole pages of ids.
///
/// A node holds a cache of everything from the root to its end; caches share their pages, so a node costs the pages of
/// its own edge. Trees of different adapters are apart. Leaves that nobody uses leave first, least recently used first.
final class PrefixTree<Cache: SequenceCache> {
    /// A beginning that is kept.
    final class Node {
        /// The ids of the edge that leads here: whole pages.
        fileprivate(set) var edge: ArraySlice<Int32>
        /// Ids from the root to here.
        let depth: Int
        let cache: Cache
        fileprivate weak var parent: Node?
        /// By the first page of their edge.
        fileprivate var children: [ArraySlice<Int32>: Node] = [:]
        fileprivate var pins = 0
        fileprivate var lastUse = 0

        fileprivate init(edge: ArraySlice<Int32>, depth: Int, cache: Cache, parent: Node?) {
            self.edge = edge
            self.depth = depth
            self.cache = cache
            self.parent = parent
        }
    }

    /// Ids of a page.
    let pageSize: Int
    /// Pages of all nodes.
    private(set) var pages = 0
    private var roots: [String: [ArraySlice<Int32>: Node]] = [:]
    private var uses = 0

    init(pageSize: Int) { self.pageSize = max(1, pageSize) }

    /// The longest beginning of `ids` in whole pages that is kept, at most `limit` ids: a node and how much of it.
    func match(_ ids: [Int32], limit: Int, adapter: String) -> (node: Node, count: Int)? {
        let end = min(limit, ids.count) / pageSize * pageSize
        var found: (node: Node, count: Int)?
        var at = 0
        uses += 1
        while at < end, let next = child(of: found?.node, ids[at..<at + pageSize], adapter) {
            let common = commonPages(next.edge, ids[at..<end]) * pageSize
            at += common
            next.lastUse = uses
            found = (next, at)
            guard common == next.edge.count else { break }
        }
        return found
    }

    /// Keeps the beginning of `ids` up to `count`, whole pages of them; `cache` holds at least these.
    ///
    /// Returns the node that ends there and how many pages it added, which are now the tree's.
    func insert(_ ids: [Int32], count: Int, cache: Cache, adapter: String) throws -> (node: Node, added: Int)? {
        let end = min(count, ids.count) / pageSize * pageSize
        var parent: Node?
        var at = 0
        uses += 1
        while at < end, let next = child(of: parent, ids[at..<at + pageSize], adapter) {
            let common = commonPages(next.edge, ids[at..<end]) * pageSize
            at += common
            parent = common == next.edge.count ? next : try split(next, at: common, adapter)
            parent?.lastUse = uses
        }
        if at == end { return parent.map { ($0, 0) } }
        // What came before may have been computed twice, by requests side by side: its pages here are the parent's, or the
        // node would hold more pages than are counted.
        let own =
            if let parent { cache.fork(count: end, over: parent.cache, shared: at) } else { try cache.fork(count: end) }
        let node = Node(edge: ArraySlice(Array(ids[at..<end])), depth: end, cache: own, parent: parent)
        node.lastUse = uses
        adopt(node, parent, adapter)
        let added = (end - at) / pageSize
        pages += added
        return (node, added)
    }

    func pin(_ node: Node) { node.pins += 1 }

    func unpin(_ node: Node) { node.pins -= 1 }

    /// Drops leaves until at least `wanted` pages are dropped or all that is left is in use; returns how many were.
    func evict(_ wanted: Int) -> Int {
        var dropped = 0
        while dropped < wanted {
            var oldest: (node: Node, adapter: String)?
            for (adapter, nodes) in roots {
                var open = Array(nodes.values)
                while let node = open.popLast() {
                    open += node.children.values
                    guard node.children.isEmpty, node.pins == 0 else { continue }
                    if oldest.map({ node.lastUse < $0.node.lastUse }) ?? true { oldest = (node, adapter) }
                }
            }
            guard let (node, adapter) = oldest else { break }
            let key = node.edge.prefix(pageSize)
            if let parent = node.parent {
                parent.children[key] = nil
            } else {
                roots[adapter]?[key] = nil
                if roots[adapter]?.isEmpty == true { roots[adapter] = nil }
            }
            dropped += node.edge.count / pageSize
        }
        pages -= dropped
        return dropped
    }

    private func child(of node: Node?, _ page: ArraySlice<Int32>, _ adapter: String) -> Node? {
        node.map { $0.children[page] } ?? roots[adapter]?[page]
    }

    private func adopt(_ node: Node, _ parent: Node?, _ adapter: String) {
        let key = node.edge.prefix(pageSize)
        if let parent { parent.children[key] = node } else { roots[adapter, default: [:]][key] = node }
    }

    /// Puts a node in the middle of an edge.
    private func split(_ node: Node, at length: Int, _ adapter: String) throws -> Node {
        let depth = node.depth - node.edge.count + length
        let upper = Node(
            edge: ArraySlice(Array(node.edge.prefix(length))), depth: depth, cache: try node.cache.fork(count: depth),
            parent: node.parent)
        adopt(upper, node.parent, adapter)
        node.edge = ArraySlice(Array(node.edge.dropFirst(length)))
        node.parent = upper
        upper.children[node.edge.prefix(pageSize)] = node
        return upper
    }

    private func commonPages(_ a: ArraySlice<Int32>, _ b: ArraySlice<Int32>) -> Int {
        var same = 0
        for (x, y) in zip(a, b) {
            guard x == y else { break }
            same += 1
        }
        return same / pageSize
    }
}
