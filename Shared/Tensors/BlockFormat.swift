// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// Numbers stored in blocks of 32 with one float16 scale each, as GGUF files lay them out, row after row.
public enum BlockFormat: String, Sendable, CaseIterable {
    /// 34 bytes a block: the scale d, then 32 int8 q; an element is d · q.
    case q8 = "q8_0"
    /// 18 bytes a block: the scale d, then 16 bytes; byte i holds element i in its low half and element 16 + i in its
    /// high half, as q + 8; an element is d · q.
    case q4 = "q4_0"

    /// Elements of a block; rows must be a multiple of it long.
    public static let elements = Int(CK_BLOCK)

    /// Bytes of a block.
    public var bytes: Int {
        switch self {
        case .q8: Int(CK_Q8_0_BYTES)
        case .q4: Int(CK_Q4_0_BYTES)
        }
    }

    /// Bytes of `count` elements, a multiple of 32.
    public func size(_ count: Int) -> Int {
        precondition(count % Self.elements == 0, "\(count) elements are no whole blocks of \(Self.elements)")
        return count / Self.elements * bytes
    }

    /// Quantises `count` floats, a multiple of 32, as ggml's reference does: the same bytes.
    ///
    /// A block with an infinity or NaN gets the scale NaN, so that a broken weight is not hidden.
    public func quantize(_ x: UnsafePointer<Float>, count: Int, into blocks: UnsafeMutablePointer<UInt8>) {
        let grain = 1 << 15
        precondition(count % Self.elements == 0, "\(count) elements are no whole blocks of \(Self.elements)")
        ThreadPool.shared.parallel(count, grain: grain) { range in
            let to = blocks + size(range.lowerBound)
            switch self {
            case .q8: ck_quantize_q8_0(x + range.lowerBound, to, range.count)
            case .q4: ck_quantize_q4_0(x + range.lowerBound, to, range.count)
            }
        }
    }

    /// The floats that `count` elements, a multiple of 32, stand for.
    public func dequantize(_ blocks: UnsafePointer<UInt8>, count: Int, into x: UnsafeMutablePointer<Float>) {
        let grain = 1 << 15
        precondition(count % Self.elements == 0, "\(count) elements are no whole blocks of \(Self.elements)")
        ThreadPool.shared.parallel(count, grain: grain) { range in
            let from = blocks + size(range.lowerBound)
            switch self {
            case .q8: ck_dequantize_q8_0(from, x + range.lowerBound, range.count)
            case .q4: ck_dequantize_q4_0(from, x + range.lowerBound, range.count)
            }
        }
    }

    var kernelType: ck_quantized_type { self == .q8 ? ck_q8_0 : ck_q4_0 }
}
