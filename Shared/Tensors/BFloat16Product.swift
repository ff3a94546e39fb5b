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

    private static var path: ck_product_path { ck_product_path(rawValue: chosen.load(ordering: .relaxed)) }

    /// Rows of a piece's left operand: they stay in the second-level cache while the right operand passes by.
    private static let rowBlock = 448
    private static let columnBlock = 1024
    private static let panelRows = CK_PANEL_ROWS

    /// A second product for the same result: row-major A [rows, b.depth] and B.
    public struct Addend {
        let a: UnsafePointer<UInt16>
        let stride: Int
        let b: PackedMatrix

        /// `a` · `b`, to be added.
        public init(_ a: UnsafePointer<UInt16>, stride: Int, _ b: PackedMatrix) {
            self.a = a
            self.stride = stride
            self.b = b
        }
    }

    /// C [rows, b.columns] = A · B for row-major A, added to C if `accumulate`; then the addend's product is added while
    /// C is still in the cache. On all threads.
    public static func multiply(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, accumulate: Bool = false, adding addend: Addend? = nil
    ) {
        guard rows > 0, b.columns > 0 else { return }
        let threads = ThreadPool.shared.threads
        let rounds = (rows + rowBlock * threads - 1) / (rowBlock * threads)
        let perPiece = (rows + rounds * threads - 1) / (rounds * threads)
        let rowGrain = min(rowBlock, (perPiece + panelRows - 1) / panelRows * panelRows)
        let (down, across) = (pieces(rows, rowGrain), pieces(b.columns, columnBlock))
        ThreadPool.shared.run(down * across) { piece in
            let (row, column) = (piece / across * rowGrain, piece % across * columnBlock)
            let (count, columns) = (min(rowGrain, rows - row), column..<min(b.columns, column + columnBlock))
            let part = c + row * cStride + column
            multiplyInThread(
                a + row * stride, stride: stride, rows: count, b.columns(columns), into: part, stride: cStride,
                accumulate: accumulate)
            if let addend {
                multiplyInThread(
                    addend.a + row * addend.stride, stride: addend.stride, rows: count, addend.b.columns(columns),
                    into: part, stride: cStride, accumulate: true)
            }
        }
    }

    /// The same product on the calling thread alone.
    public static func multiplyInThread(
        _ a: UnsafePointer<UInt16>, stride: Int, rows: Int, _ b: PackedMatrix, depth: Int? = nil,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, accumulate: Bool = false
    ) {
        ck_bf16_product(
            path, rows, b.columns, depth ?? b.depth, a, stride, 0, b.panels, b.panelSize, c, cStride,
            accumulate ? 1 : 0)
    }

    /// C [columns of dy, b.columns] += dyᵀ · B for row-major dy [b.depth, columns]: the gradient of a weight.
    ///
    /// `scratch` has `leftScratch(depth: b.depth)` elements.
    public static func addTransposed(
        _ dy: UnsafePointer<UInt16>, stride: Int, columns: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, scratch: UnsafeMutablePointer<UInt16>
    ) {
        let size = leftSize(columns: leftRows, depth: b.depth)
        let down = pieces(columns, leftRows)
        // Few rows, as of an adapter's A: the threads share the columns, and each packs the rows for itself.
        let grain = down >= 2 * ThreadPool.shared.threads ? b.columns : 256
        let across = pieces(b.columns, grain)
        ThreadPool.shared.run(down * across) { piece in
            let (row, column) = (piece / across * leftRows, piece % across * grain)
            addTransposedInThread(
                dy + row, stride: stride, columns: min(leftRows, columns - row),
                b.columns(column..<min(b.columns, column + grain)), into: c + row * cStride + column, stride: cStride,
                scratch: scratch + ThreadPool.slot * size)
        }
    }

    /// The same product on the calling thread alone; `scratch` has `leftSize(columns:depth:)` elements.
    public static func addTransposedInThread(
        _ dy: UnsafePointer<UInt16>, stride: Int, columns: Int, _ b: PackedMatrix,
        into c: UnsafeMutablePointer<Float>, stride cStride: Int, scratch: UnsafeMutablePointer<UInt16>
    ) {
        ck_pack_left_bf16(dy, stride, b.depth, columns, 0, pieces(columns, panelRows), scratch)
        ck_bf16_product(
            path, columns, b.columns, b.depth, scratch, ck_left_panel_size(b.depth), 1, b.panels, b.panelSize, c,
            cStride, 1)
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
