// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// How numbers are stored in a file. Computation is in float32; the 16-bit types are converted on the way.
public enum ElementType: String, Sendable, CaseIterable {
    case float32 = "F32"
    case bfloat16 = "BF16"
    case float16 = "F16"
    case float64 = "F64"
    case int64 = "I64"
    case int32 = "I32"
    case int16 = "I16"
    case int8 = "I8"
    case uint8 = "U8"
    case uint16 = "U16"
    case uint32 = "U32"
    case uint64 = "U64"
    case boolean = "BOOL"
    case float8E4M3 = "F8_E4M3"
    case float8E5M2 = "F8_E5M2"

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .float64, .int64, .uint64: 8
        case .float32, .int32, .uint32: 4
        case .bfloat16, .float16, .int16, .uint16: 2
        case .int8, .uint8, .boolean, .float8E4M3, .float8E5M2: 1
        }
    }

    /// Whether `widen` can read it and `narrow` can write it.
    public var isFloatingPoint: Bool { self == .float32 || self == .bfloat16 || self == .float16 }

    /// Reads `count` elements at `source`, which may be unaligned, as float32.
    public func widen(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
        let grain = 1 << 18
        ThreadPool.shared.parallel(count, grain: grain) { range in
            let from = source + range.lowerBound * size
            let to = target + range.lowerBound
            switch self {
            case .bfloat16:
                ck_from_bfloat16(from.assumingMemoryBound(to: UInt16.self), to, range.count)
            case .float16:
                ck_from_float16(from.assumingMemoryBound(to: UInt16.self), to, range.count)
            default:
                precondition(self == .float32, "\(self) is no floating-point type this engine reads")
                UnsafeMutableRawPointer(to).copyMemory(from: from, byteCount: range.count * 4)
            }
        }
    }

    /// Writes `count` float32 values at `target` as this type, rounding to nearest, ties to even.
    public func narrow(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
        switch self {
        case .bfloat16: ck_to_bfloat16(source, target.assumingMemoryBound(to: UInt16.self), count)
        case .float16: ck_to_float16(source, target.assumingMemoryBound(to: UInt16.self), count)
        default:
            precondition(self == .float32, "\(self) is no floating-point type this engine writes")
            target.copyMemory(from: source, byteCount: count * 4)
        }
    }
}
