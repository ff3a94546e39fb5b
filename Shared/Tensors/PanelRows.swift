// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// Rows of activations in scratch memory, and what products with each format read in their place.
public struct PanelRows {
    /// Elements of a row; up to what memory was taken for.
    public var depth: Int
    private let floats: UnsafeMutablePointer<Float>
    private let halves: UnsafeMutablePointer<UInt16>
    private let values: UnsafeMutablePointer<Int8>
    private let scales: UnsafeMutablePointer<Float>
    private let corrections: UnsafeMutablePointer<Int32>
    /// From row to row, fixed by the greatest depth.
    private let stride: Int
    private var blockStride: Int { (stride + BlockFormat.elements - 1) / BlockFormat.elements }

    /// `rows` rows of at most `depth` elements, of no particular content.
    public init(rows: Int, depth: Int, _ arena: Arena) throws(TensorError) {
        self.depth = depth
        // Rows whose distance is a power of two would share lines of the cache.
        stride = (depth + 63) / 64 * 64 + 64
        let blocks = rows * ((stride + BlockFormat.elements - 1) / BlockFormat.elements)
        floats = try arena.take(rows * stride)
        halves = try arena.takeHalves(rows * stride)
        values = try arena.take(rows * stride, of: Int8.self)
        scales = try arena.take(blocks)
        corrections = try arena.take(blocks, of: Int32.self)
    }

    /// A row to write float32 into.
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> { floats + index * stride }

    /// Floats from row to row.
    public var rowStride: Int { stride }

    /// Rounds or quantises rows for products with this format; products in float32 need nothing.
    public func prepare(_ rows: Range<Int>, for format: PanelFormat) {
        for index in rows {
            let x = row(index)
            switch format {
            case .float32: break
            case .bfloat16: ck_serving_narrow(x, halves + index * stride, depth)
            case .q8, .q4:
                ck_quantize_activations(
                    x, depth, format == .q8 ? ck_q8_0 : ck_q4_0, values + index * stride, scales + index * blockStride,
                    corrections + index * blockStride)
            }
        }
    }

    func halves(from row: Int) -> (UnsafePointer<UInt16>, stride: Int) {
        (UnsafePointer(halves + row * stride), stride)
    }

    func quantized(from row: Int) -> ck_quantized_rows {
        ck_quantized_rows(
            values: values + row * stride, scales: scales + row * blockStride,
            corrections: corrections + row * blockStride, stride: stride, block_stride: blockStride)
    }
}
