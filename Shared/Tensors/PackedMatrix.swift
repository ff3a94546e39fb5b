// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// The right operand of a bfloat16 product, B [depth, columns], in panels of 32 columns in which pairs of neighbouring
/// rows lie side by side. Points into memory that the caller keeps.
public struct PackedMatrix {
    /// Rows of B: what a product sums over.
    public let depth: Int
    /// Columns of B.
    public let columns: Int
    let panels: UnsafeMutablePointer<UInt16>

    /// Columns of a panel.
    public static let panelColumns = CK_PANEL_COLUMNS
    var panelSize: Int { ck_panel_size(depth) }

    /// Elements of memory a packed matrix takes.
    public static func size(depth: Int, columns: Int) -> Int {
        BFloat16Product.pieces(columns, panelColumns) * ck_panel_size(depth)
    }

    /// B in this memory, to be packed by one of the methods below.
    public init(depth: Int, columns: Int, in memory: UnsafeMutablePointer<UInt16>) {
        self.depth = depth
        self.columns = columns
        panels = memory
    }

    /// The first columns of B.
    public func prefix(_ count: Int) -> PackedMatrix { PackedMatrix(depth: depth, columns: count, in: panels) }

    /// Some columns of B; the first must be a multiple of 32.
    public func columns(_ range: Range<Int>) -> PackedMatrix {
        PackedMatrix(
            depth: depth, columns: range.count, in: panels + range.lowerBound / Self.panelColumns * panelSize)
    }

    /// How the source lies in memory.
    public enum Source {
        /// S [columns, depth], B = Sᵀ: a weight [out, in] for x · Wᵀ.
        case columns
        /// S [depth, columns], B = S: a weight [out, in] for dy · W.
        case rows
    }

    /// Rounds a float32 source of `stride` elements from row to row, on all threads.
    public func pack(_ source: Source, _ s: UnsafePointer<Float>, stride: Int) {
        ThreadPool.shared.parallel(panelCount, grain: grain) { packInThread(source, s, stride: stride, panels: $0) }
    }

    /// Packs a bfloat16 source of `stride` elements from row to row, on all threads.
    public func pack(_ source: Source, _ s: UnsafePointer<UInt16>, stride: Int) {
        ThreadPool.shared.parallel(panelCount, grain: grain) { range in
            pack(source, s, stride: stride, range)
        }
    }

    /// Packs a bfloat16 source on the calling thread alone.
    public func packInThread(_ source: Source, _ s: UnsafePointer<UInt16>, stride: Int) {
        pack(source, s, stride: stride, 0..<panelCount)
    }

    /// Packs some rows of a weight W [outputs, inputs], the first a multiple of 32, for both directions: Wᵀ and W. On the
    /// calling thread alone; the memory of both is aligned to 64 bytes.
    public static func packBothInThread(
        _ w: UnsafePointer<Float>, rows: Range<Int>, transposed: PackedMatrix, straight: PackedMatrix
    ) {
        ck_pack_both_f32(
            w, straight.depth, straight.columns, rows.lowerBound, rows.upperBound, transposed.panels, straight.panels)
    }

    /// Panels of 32 columns.
    public var panelCount: Int { BFloat16Product.pieces(columns, Self.panelColumns) }

    /// Panels a piece of packing: some 128 K elements.
    public var grain: Int { max(1, (1 << 17) / max(1, panelSize)) }

    /// Packs some panels from a float32 source on the calling thread alone.
    public func packInThread(_ source: Source, _ s: UnsafePointer<Float>, stride: Int, panels range: Range<Int>) {
        let to = panels + range.lowerBound * panelSize
        switch source {
        case .columns: ck_pack_columns_f32(s, stride, depth, columns, range.lowerBound, range.upperBound, to)
        case .rows: ck_pack_rows_f32(s, stride, depth, columns, range.lowerBound, range.upperBound, to)
        }
    }

    private func pack(_ source: Source, _ s: UnsafePointer<UInt16>, stride: Int, _ range: Range<Int>) {
        let to = panels + range.lowerBound * panelSize
        switch source {
        case .columns: ck_pack_columns_bf16(s, stride, depth, columns, range.lowerBound, range.upperBound, to)
        case .rows: ck_pack_rows_bf16(s, stride, depth, columns, range.lowerBound, range.upperBound, to)
        }
    }
}
