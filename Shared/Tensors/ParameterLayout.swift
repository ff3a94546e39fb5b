// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where named tensors lie in one block of float32 memory.
public struct ParameterLayout: Sendable, Equatable {
    /// One tensor of the block.
    public struct Entry: Sendable, Equatable {
        /// The published name, e.g. `model.layers.0.self_attn.q_proj.weight`.
        public let name: String
        /// The extents; matrices are [out, in].
        public let shape: Shape
        /// Floats before it in the block.
        public let offset: Int

        /// The elements of the block that are this tensor.
        public var range: Range<Int> { offset..<offset + shape.count }
    }

    /// The tensors in the order of the block, without gaps.
    public let entries: [Entry]
    /// Floats in the whole block.
    public let count: Int
    private let indices: [String: Int]

    /// Lays these tensors one after the other; names must differ.
    public init(_ tensors: [(name: String, shape: Shape)]) {
        var entries: [Entry] = []
        var offset = 0
        for (name, shape) in tensors {
            entries.append(Entry(name: name, shape: shape, offset: offset))
            offset += shape.count
        }
        self.entries = entries
        self.count = offset
        self.indices = Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1.name, $0) })
    }

    /// The tensor of this name.
    public subscript(name: String) -> Entry? { indices[name].map { entries[$0] } }
}
