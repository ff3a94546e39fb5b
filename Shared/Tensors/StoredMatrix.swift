// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// How the elements of a stored matrix look.
public enum StoredType: Sendable, Equatable {
    /// Floating-point numbers: F32, BF16 or F16.
    case numbers(ElementType)
    /// Quantised blocks along the rows.
    case blocks(BlockFormat)

    /// Bytes of a row of `count` elements.
    public func size(_ count: Int) -> Int {
        switch self {
        case .numbers(let type): count * type.size
        case .blocks(let format): format.size(count)
        }
    }
}

/// A matrix [rows, columns] as it lies in a file, row after row, at any alignment. The memory is its owner's.
public struct StoredMatrix {
    /// How elements are stored.
    public let type: StoredType
    /// The first row.
    public let base: UnsafeRawPointer
    /// Rows.
    public let rows: Int
    /// Elements of a row.
    public let columns: Int

    /// A matrix at `base`.
    public init(_ type: StoredType, _ base: UnsafeRawPointer, rows: Int, columns: Int) {
        self.type = type
        self.base = base
        self.rows = rows
        self.columns = columns
    }

    /// Where a row begins.
    func row(_ index: Int) -> UnsafeRawPointer { base + index * type.size(columns) }

    /// A row as float32.
    func widen(_ index: Int, into target: UnsafeMutablePointer<Float>) {
        switch type {
        case .numbers(let element): element.widen(row(index), count: columns, into: target)
        case .blocks(let format):
            format.dequantize(row(index).assumingMemoryBound(to: UInt8.self), count: columns, into: target)
        }
    }

    /// Some elements of a row as float32, on the calling thread; of blocks, whole ones.
    public func widenInThread(_ index: Int, _ range: Range<Int>, into target: UnsafeMutablePointer<Float>) {
        let from = row(index) + type.size(range.lowerBound)
        switch type {
        case .blocks(let format):
            let blocks = from.assumingMemoryBound(to: UInt8.self)
            switch format {
            case .q8: ck_dequantize_q8_0(blocks, target, range.count)
            case .q4: ck_dequantize_q4_0(blocks, target, range.count)
            }
        case .numbers(.bfloat16): ck_from_bfloat16(from.assumingMemoryBound(to: UInt16.self), target, range.count)
        case .numbers(.float16): ck_from_float16(from.assumingMemoryBound(to: UInt16.self), target, range.count)
        case .numbers:
            precondition(type == .numbers(.float32), "\(type) is no floating-point type this engine reads")
            UnsafeMutableRawPointer(target).copyMemory(from: from, byteCount: range.count * 4)
        }
    }
}
