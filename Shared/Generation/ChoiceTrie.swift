// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The given answers of one request as a tree of token ids; decoding walks it from the root.
///
/// An answer may be the beginning of another: its node is then complete and has children, and the model decides
/// between ending there and going on.
public struct ChoiceTrie: Sendable {
    struct Node: Sendable {
        /// Next nodes by token id, sorted by id.
        var children: [(id: Int32, node: Int)] = []
        /// The answer that ends here.
        var choice: Int?
    }

    private(set) var nodes = [Node()]

    /// Builds the tree of answers given as token ids; the order gives each its index.
    public init(_ choices: [[Int32]]) throws {
        guard !choices.isEmpty else {
            throw GenerationError(.invalidChoices, "choices", "are none", remedy: "give at least one answer")
        }
        for (index, choice) in choices.enumerated() {
            guard !choice.isEmpty else {
                throw GenerationError(
                    .invalidChoices, "choices[\(index)]", "has no tokens", remedy: "give an answer that is not empty")
            }
            var node = 0
            for id in choice { node = child(of: node, id: id) }
            if let other = nodes[node].choice {
                throw GenerationError(
                    .invalidChoices, "choices[\(index)]", "has the same tokens as choices[\(other)]",
                    remedy: "give answers that differ")
            }
            nodes[node].choice = index
        }
    }

    static let root = 0

    /// What may come after `node`.
    func children(of node: Int) -> [(id: Int32, node: Int)] { nodes[node].children }

    /// The answer that is complete at `node`, if any.
    func choice(at node: Int) -> Int? { nodes[node].choice }

    private mutating func child(of node: Int, id: Int32) -> Int {
        if let known = nodes[node].children.first(where: { $0.id == id }) { return known.node }
        nodes.append(Node())
        nodes[node].children.append((id, nodes.count - 1))
        nodes[node].children.sort { $0.id < $1.id }
        return nodes.count - 1
    }
}
