// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Some texts as a tree of their bytes.
struct LiteralTree: Sendable, Hashable {
    private struct Node: Sendable, Hashable {
        var next: [UInt8: Int] = [:]
        var isEnd = false
    }

    static let root = 0
    private var nodes = [Node()]

    init(_ texts: [[UInt8]]) {
        for text in texts {
            var at = Self.root
            for byte in text {
                if let next = nodes[at].next[byte] {
                    at = next
                } else {
                    nodes.append(Node())
                    nodes[at].next[byte] = nodes.count - 1
                    at = nodes.count - 1
                }
            }
            nodes[at].isEnd = true
        }
    }

    /// The place after `byte` at `place`, if some text goes on with it.
    func next(_ place: Int, _ byte: UInt8) -> Int? { nodes[place].next[byte] }

    /// Whether a text ends at `place`.
    func isEnd(_ place: Int) -> Bool { nodes[place].isEnd }

    /// Whether no text goes on behind `place`.
    func isLeaf(_ place: Int) -> Bool { nodes[place].next.isEmpty }
}
