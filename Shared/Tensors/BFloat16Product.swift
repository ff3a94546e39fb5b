// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Synchronization

/// Matrix products of bfloat16 operands with float32 sums.
///
/// Every element is defined to the bit (CKernels.h states the order of its sums), so neither the number of threads nor
/// the split nor the instructions of the processor change a result: without AVX512-BF16 it only takes longer.
public enum BFloat16Product {
    /// What computes the products.
    public enum Path: UInt32, Sendable, CaseIterable {
        case plain = 0
        case avx2 = 1
        case avx512 = 2
        case avx512BFloat16 = 3

        /// What a log line says.
        public var name: String {
            switch self {
            case .plain: "plain loop"
            case .avx2: "AVX2 and FMA"
            case .avx512: "AVX-512"
            case .avx512BFloat16: "AVX512-BF16"
            }
        }
    }

    /// The fastest path of this processor.
    public static let best = Path(rawValue: ck_best_product_path().rawValue) ?? .plain

    private static let chosen = Atomic<UInt32>(best.rawValue)

    /// Takes another path, which must not be beyond `best`: for tests, since the result is the same.
    static func use(_ path: Path) { chosen.store(path.rawValue, ordering: .relaxed) }

    /// What the products are computed with, for a log line.
    public static var description: String { "bfloat16 products by \((Path(rawValue: path.rawValue) ?? .plain).name)" }

    static var path: ck_product_path { ck_product_path(rawValue: chosen.load(ordering: .relaxed)) }

    /// Rows of a piece's left operand: they stay in the second-level cache while the right operand passes by.
    private static let rowBlock = 448
    private static let columnBlock = 1024
    /// Rows of a tile: what is computed at a time of the left operand.
    public static let panelRows = CK_PANEL_ROWS

    /// A second product for the same result: row-major A [rows, b.depth] and B.
    public struct Addend {
        let a: UnsafePointer<UInt16>
        let stride: Int
        let b: PackedMatrix

        fileprivate var term: ck_bf16_term {
            ck_bf16_term(
                a: a, a_step: stride, a_is_packed: 0, b: b.panels, b_step: b.panelSize, b_is_rows: 0, k: b.depth)
        }

        /// `a` · `b`, to be added.
        public init(_ a: UnsafePointer<UInt16>, stride: Int, _ b: PackedMatrix) {
            self.a = a
            self.stride = stride
            self.b = b
        }
    }

    /// Where a product goes; strides are elements from row to row.
    public enum Result {
        /// The sums, added to those at `onto` (which may be the same memory) unless nil.
        case floats(UnsafeMutablePointer<Float>, stride: Int, onto: UnsafePointer<Float>? = nil)
        /// The sums, rounded.
        case halves(UnsafeMutablePointer<UInt16>, stride: Int)
        /// The sums are the gradient of silu(gate) · up: the gradients of gate and up, rounded, side by side as gate and
        /// up are in rows of 2 · width, and silu(gate) · up once more.
        case gateGradients(
            UnsafeMutablePointer<UInt16>, stride: Int, gateUp: UnsafePointer<UInt16>, width: Int,
            activated: UnsafeMutablePointer<UInt16>, activatedStride: Int)

        fileprivate func at(_ row: Int, _ column: Int) -> ck_bf16_result {
            var result = ck_bf16_result()
            switch self {
            case .floats(let sums, let stride, let onto):
                (result.stride, result.before_stride) = (stride, stride)
                result.sums = sums + row * stride + column
                result.before = onto.map { $0 + row * stride + column }
            case .halves(let rounded, let stride):
                result.stride = stride
                result.rounded = rounded + row * stride + column
            case .gateGradients(let rounded, let stride, let gateUp, let width, let activated, let activatedStride):
                (result.stride, result.gate_stride) = (stride, 2 * width)
                let (at, from) = (row * stride + column, row * 2 * width + column)
                (result.rounded, result.rounded_up) = (rounded + at, rounded + at + width)
                (result.gate, result.up) = (gateUp + from, gateUp + from + width)
                result.activated = activated + row * activatedStride + column
                result.activated_stride = activatedStride
            }
            return result
        }
    }

    /// A · B for row-major A [rows, b.depth] and, added to it, the addend's product. On all threads.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: PackedMatrix, into result: Result,
        adding addend: Addend? = nil
    ) {
        guard rows > 0, b.columns > 0 else { return }
        let down = EvenSplit(rows, grain: panelRows, most: rowBlock, threads: ThreadPool.shared.threads)
        let across = EvenSplit(b.columns, grain: PackedMatrix.panelColumns, most: columnBlock, threads: 1)
        ThreadPool.shared.run(down.pieces * across.pieces) { piece in
            let (rows, columns) = (down[piece / across.pieces], across[piece % across.pieces])
            let (row, count) = (rows.lowerBound, rows.count)
            let first = Addend(a + row * stride, stride: stride, b.columns(columns)).term
            let place = result.at(row, columns.lowerBound)
            guard let addend else { return sum(first, rows: count, columns: columns.count, place) }
            let second = Addend(
                addend.a + row * addend.stride, stride: addend.stride, addend.b.columns(columns)
            ).term
            withUnsafePointer(to: place) {
                ck_bf16_sum_of_products(path, count, columns.count, [first, second], 2, $0)
            }
        }
    }

    /// C [rows, b.columns] = A · B, added to C if `accumulate`.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, accumulate: Bool = false, adding addend: Addend? = nil
    ) {
        multiply(
            a, stride: stride, rows: rows, b,
            into: .floats(c, stride: cStride, onto: accumulate ? UnsafePointer(c) : nil), adding: addend)
    }

    /// The same product on the calling thread alone.
    public static func multiplyInThread(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: PackedMatrix, depth: Int? = nil, into result: Result
    ) {
        var term = Addend(a, stride: stride, b).term
        term.k = depth ?? b.depth
        sum(term, rows: rows, columns: b.columns, result.at(0, 0))
    }

    /// C [columns, xColumns] = uᵀ · x for row-major u [depth, columns] of few columns and x [depth, xColumns], which is
    /// read where it lies. On all threads.
    ///
    /// `scratch` has `leftSize(columns:depth:)` elements.
    public static func multiplyTransposed(
        _ u: UnsafePointer<UInt16>, columns: Int, depth: Int, _ x: UnsafePointer<UInt16>, stride: Int,
        columns xColumns: Int, into c: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<UInt16>
    ) {
        ck_pack_left_bf16(u, columns, depth, columns, 0, pieces(columns, panelRows), scratch)
        let grain = 256
        ThreadPool.shared.run(pieces(xColumns, grain)) { piece in
            let first = piece * grain
            let term = ck_bf16_term(
                a: scratch, a_step: ck_left_panel_size(depth), a_is_packed: 1, b: x + first, b_step: stride,
                b_is_rows: 1, k: depth)
            sum(
                term, rows: columns, columns: min(grain, xColumns - first),
                Result.floats(c, stride: xColumns).at(0, first))
        }
    }

    private static func sum(_ term: ck_bf16_term, rows: Int, columns: Int, _ result: ck_bf16_result) {
        withUnsafePointer(to: term) { term in
            withUnsafePointer(to: result) { ck_bf16_sum_of_products(path, rows, columns, term, 1, $0) }
        }
    }

    /// C [columns of dy, b.columns] += dyᵀ · B for row-major dy [b.depth, columns]: the gradient of a weight, which takes
    /// the place of what is in C if it is `replacing` that.
    ///
    /// `scratch` has `leftScratch(depth: b.depth)` elements.
    public static func addTransposed(
        _ dy: UnsafePointer<UInt16>, stride: Int, columns: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, replacing: Bool = false,
        scratch: UnsafeMutablePointer<UInt16>
    ) {
        let size = leftSize(columns: leftRows, depth: b.depth)
        let split = EvenSplit(columns, grain: panelRows, most: leftRows, threads: ThreadPool.shared.threads)
        ThreadPool.shared.run(split.pieces) { piece in
            let range = split[piece]
            addTransposedInThread(
                dy + range.lowerBound, stride: stride, columns: range.count, b,
                into: c + range.lowerBound * cStride, stride: cStride, replacing: replacing,
                scratch: scratch + ThreadPool.slot * size)
        }
    }

    /// The same product on the calling thread alone; `scratch` has `leftSize(columns:depth:)` elements.
    public static func addTransposedInThread(
        _ dy: UnsafePointer<UInt16>, stride: Int, columns: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, replacing: Bool = false,
        scratch: UnsafeMutablePointer<UInt16>
    ) {
        ck_pack_left_bf16(dy, stride, b.depth, columns, 0, pieces(columns, panelRows), scratch)
        ck_bf16_product(
            path, columns, b.columns, b.depth, scratch, ck_left_panel_size(b.depth), 1, b.panels, b.panelSize, c,
            cStride, replacing ? 0 : 1)
    }

    /// The same product on the calling thread for dy [b.depth, first + b.depth] that is zero where the column is beyond
    /// `first` + the row, as causal attention's: half of the square at the end is left out where it is zero.
    public static func addCausalTransposedInThread(
        _ dy: UnsafePointer<UInt16>, stride: Int, first: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, scratch: UnsafeMutablePointer<UInt16>
    ) {
        precondition(b.depth <= CK_DEPTH_BLOCK, "zeros may be left out within one block of the depth")
        let (columns, size) = (first + b.depth, ck_left_panel_size(b.depth))
        ck_pack_left_bf16(dy, stride, b.depth, columns, 0, pieces(columns, panelRows), scratch)
        // Columns from `edge` on are zero in the rows before `skipped`.
        let edge = (first + b.depth / 2) / panelRows * panelRows
        let skipped = max(0, edge - first) / 2 * 2
        if edge > 0 {
            ck_bf16_product(path, edge, b.columns, b.depth, scratch, size, 1, b.panels, b.panelSize, c, cStride, 1)
        }
        ck_bf16_product(
            path, columns - edge, b.columns, b.depth - skipped, scratch + edge / panelRows * size + skipped * panelRows,
            size, 1, b.panels + skipped * PackedMatrix.panelColumns, b.panelSize, c + edge * cStride, cStride, 1)
    }

    private static let leftRows = 16 * CK_PANEL_ROWS

    /// Elements of scratch that `addTransposed` needs for this depth.
    public static func leftScratch(depth: Int, threads: Int = ThreadPool.shared.slots) -> Int {
        threads * leftSize(columns: leftRows, depth: depth)
    }

    /// Elements that `columns` columns of a left operand take when packed.
    public static func leftSize(columns: Int, depth: Int) -> Int {
        pieces(columns, panelRows) * ck_left_panel_size(depth)
    }

    static func pieces(_ count: Int, _ grain: Int) -> Int { (count + grain - 1) / grain }
}
