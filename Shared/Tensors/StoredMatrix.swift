// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

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
}
