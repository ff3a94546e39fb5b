// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

extension PanelMatrix {
    /// Rows of a register tile of bfloat16 products.
    private static let tileRows = Int(CK_PANEL_ROWS)

    /// Columns of the `panels` of x · Wᵀ for some prepared rows, on the calling thread alone.
    ///
    /// `c`, and `before` which is added to unless nil, point to the first of these rows and columns.
    public func multiply(
        _ x: PanelRows, _ rows: Range<Int>, panels: Range<Int>, adding before: UnsafePointer<Float>? = nil,
        into c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let first = panels.lowerBound * Self.panelColumns
        let width = min(columns, panels.upperBound * Self.panelColumns) - first
        let from = base + panels.lowerBound * panelBytes
        switch format {
        case .float32:
            ck_f32_product(
                ServingInstructions.float, rows.count, width, depth, x.row(rows.lowerBound), x.rowStride,
                from.assumingMemoryBound(to: Float.self), panelBytes / 4, before, stride, c, stride)
        case .bfloat16:
            multiplyHalves(x, rows, from.assumingMemoryBound(to: UInt16.self), width, before, c, stride)
        case .q8, .q4:
            ck_quantized_product(
                ServingInstructions.integer, format == .q8 ? ck_q8_0 : ck_q4_0, rows.count, width, depth,
                x.quantized(from: rows.lowerBound), from.assumingMemoryBound(to: UInt8.self), panelBytes, before,
                stride,
                c, stride)
        }
    }

    /// Asks for the beginning of one of `count` equal parts to be fetched from memory.
    public func fetch(part: Int, of count: Int) {
        let most = 1 << 14
        let panel = panelCount * part / count
        ck_fetch(base + panel * panelBytes, min(most, (panelCount - panel) * panelBytes))
    }

    /// Columns of the `panels`, `width` of them, of x · Wᵀ for float32 rows that lie anywhere, added to `c`: for a
    /// matrix in float32, on the calling thread alone.
    public func addProduct(
        _ x: UnsafePointer<Float>, stride xStride: Int, rows: Int, panels: Range<Int>, width: Int,
        to c: UnsafeMutablePointer<Float>, stride: Int
    ) {
        precondition(format == .float32 && width <= panels.count * Self.panelColumns)
        let from = base + panels.lowerBound * panelBytes
        ck_f32_product(
            ServingInstructions.float, rows, width, depth, x, xStride, from.assumingMemoryBound(to: Float.self),
            panelBytes / 4,
            c, stride, c, stride)
    }

    private func multiplyHalves(
        _ x: PanelRows, _ rows: Range<Int>, _ b: UnsafePointer<UInt16>, _ width: Int, _ before: UnsafePointer<Float>?,
        _ c: UnsafeMutablePointer<Float>, _ stride: Int
    ) {
        let (path, step) = (ServingInstructions.bfloat16, panelBytes / 2)
        func product(_ at: Range<Int>, _ column: Int, _ count: Int) {
            let (a, aStride) = x.halves(from: rows.lowerBound + at.lowerBound)
            let offset = at.lowerBound * stride + column
            ck_bf16_few_rows(
                path, at.count, count, depth, a, aStride, b + column / Self.panelColumns * step, step,
                before.map { $0 + offset }, stride, c + offset, stride)
        }
        guard rows.count > Self.tileRows, rows.count < 4 * Self.tileRows else {
            return product(0..<rows.count, 0, width)
        }
        // Tiles of the same height pass over a few panels, which stay in the cache.
        let (tiles, chunk) = ((rows.count + Self.tileRows - 1) / Self.tileRows, 4 * Self.panelColumns)
        for column in Swift.stride(from: 0, to: width, by: chunk) {
            for tile in 0..<tiles {
                product(
                    tile * rows.count / tiles..<(tile + 1) * rows.count / tiles, column, min(chunk, width - column))
            }
        }
    }
}
