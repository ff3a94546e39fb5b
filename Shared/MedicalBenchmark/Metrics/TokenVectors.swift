// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The vectors that an encoder gives to the tokens of one text, its first and last special token among them.
public struct TokenVectors: Sendable, Hashable {
    public let ids: [Int32]
    /// [tokens, dimension], row by row.
    public let values: [Float]
    public let dimension: Int

    /// `values` has `ids.count` rows of `dimension`.
    public init(ids: [Int32], values: [Float], dimension: Int) {
        precondition(values.count == ids.count * dimension, "token vectors have another size than their ids say")
        self.ids = ids
        self.values = values
        self.dimension = dimension
    }

    /// The rows scaled to length 1.
    var normalised: [[Float]] {
        ids.indices.map { row in
            let vector = values[row * dimension..<(row + 1) * dimension]
            let length = vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            return vector.map { $0 / max(length, 1e-12) }
        }
    }
}
