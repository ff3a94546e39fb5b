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

    /// The rows scaled to length 1, one after the other.
    var normalised: [Float] {
        var scaled = values
        for start in stride(from: 0, to: values.count, by: max(1, dimension)) {
            let row = start..<start + dimension
            let length = max(values[row].reduce(Float(0)) { $0 + $1 * $1 }.squareRoot(), 1e-12)
            for index in row { scaled[index] /= length }
        }
        return scaled
    }
}
