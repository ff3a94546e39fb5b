// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

extension PackedMatrix {
    private static let stretch = 256
    private static let depthOfTile = 32

    /// Packs this matrix from `columns` columns on of the whole right operand that `s` is, on the calling thread:
    /// widened to float32 a tile in the cache at a time, so the bits are those of packing the widened matrix.
    ///
    /// Of `.rows`, `first` is a multiple of 32.
    func packInThread(_ source: Source, _ s: StoredMatrix, columns first: Int) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.depthOfTile * Self.stretch) { tile in
            guard let tile = tile.baseAddress else { return }
            switch source {
            case .columns: packColumns(s, first, tile)
            case .rows: packRows(s, first, tile)
            }
        }
    }

    /// Rows of `s` are columns of B: 32 of them make a panel, and stretches of the depth follow each other in it.
    private func packColumns(_ s: StoredMatrix, _ first: Int, _ tile: UnsafeMutablePointer<Float>) {
        for panel in 0..<panelCount {
            let column = panel * Self.panelColumns
            let width = min(Self.panelColumns, columns - column)
            for at in Swift.stride(from: 0, to: depth, by: Self.stretch) {
                let count = min(Self.stretch, depth - at)
                for row in 0..<width {
                    s.widenInThread(first + column + row, at..<at + count, into: tile + row * Self.stretch)
                }
                let to = panels + panel * panelSize + at * Self.panelColumns
                ck_pack_columns_f32(tile, Self.stretch, count, width, 0, 1, to)
            }
        }
    }

    /// Rows of `s` are rows of B: a tile of 32 of them is 32 steps of the depth of every panel that it crosses.
    private func packRows(_ s: StoredMatrix, _ first: Int, _ tile: UnsafeMutablePointer<Float>) {
        for at in Swift.stride(from: 0, to: depth, by: Self.depthOfTile) {
            let count = min(Self.depthOfTile, depth - at)
            for column in Swift.stride(from: 0, to: columns, by: Self.stretch) {
                let width = min(Self.stretch, columns - column)
                for row in 0..<count {
                    let range = first + column..<first + column + width
                    s.widenInThread(at + row, range, into: tile + row * Self.stretch)
                }
                for panel in 0..<BFloat16Product.pieces(width, Self.panelColumns) {
                    let start = panel * Self.panelColumns
                    let to = panels + (column / Self.panelColumns + panel) * panelSize + at * Self.panelColumns
                    ck_pack_rows_f32(
                        tile + start, Self.stretch, count, min(Self.panelColumns, width - start), 0, 1, to)
                }
            }
        }
    }
}
