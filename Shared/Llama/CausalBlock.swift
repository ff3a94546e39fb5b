// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// A block of queries and the keys up to its own: of the square at its end only what lies below the diagonal counts, and
/// most of the rest is not computed. That changes no bit: what is left out are products with zeros.
struct CausalBlock {
    /// The first query, and how many there are.
    let first: Int
    let count: Int

    /// Keys up to the last query, and elements of a row of them.
    var columns: Int { first + count }
    var padded: Int { (columns + 1) & ~1 }

    /// Rows of the block, how many, and the keys that they see, rounded up to pairs.
    var parts: [(row: Int, rows: Int, depth: Int)] {
        // Of whole tiles, and an even number of keys.
        let half = count / 2 / BFloat16Product.panelRows * BFloat16Product.panelRows
        guard half > 0, first % 2 == 0 else { return [(0, count, padded)] }
        return [(0, half, first + half), (half, count - half, padded)]
    }

    /// Query · key of every pair that counts, in rows of `padded`; above the diagonal stays what was there.
    ///
    /// `x` points at the block's first row; `keys` are of the whole sequence.
    func scores(
        _ x: UnsafePointer<UInt16>, stride: Int, _ keys: PackedMatrix, into scores: UnsafeMutablePointer<Float>
    ) {
        let panel = PackedMatrix.panelColumns
        let whole = min(columns, (first / panel + 1) * panel)
        BFloat16Product.multiplyInThread(
            x, stride: stride, rows: count, keys.prefix(whole), into: .floats(scores, stride: padded))
        for column in Swift.stride(from: whole, to: columns, by: panel) {
            // No row before this one sees the panel.
            let row = (column - first) / BFloat16Product.panelRows * BFloat16Product.panelRows
            BFloat16Product.multiplyInThread(
                x + row * stride, stride: stride, rows: count - row,
                keys.columns(column..<min(columns, column + panel)),
                into: .floats(scores + row * padded + column, stride: padded))
        }
    }
}
