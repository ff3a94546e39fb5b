// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// How a matrix is stored in a model's files.
public enum WeightFormat: String, Sendable, CaseIterable {
    case float32
    case float16
    case bfloat16
    case q8 = "q8_0"
    case q4 = "q4_0"

    /// The number GGUF gives the type (ggml's `ggml_type`).
    var number: UInt32 {
        switch self {
        case .float32: 0
        case .float16: 1
        case .q4: 2
        case .q8: 8
        case .bfloat16: 30
        }
    }

    /// The type of this number in GGUF, if it is one of these.
    init?(number: UInt32) {
        guard let format = Self.allCases.first(where: { $0.number == number }) else { return nil }
        self = format
    }

    /// The element's type, where each is stored by itself.
    public var elementType: ElementType? {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        case .q8, .q4: nil
        }
    }

    /// The blocks' format, where elements are stored in blocks.
    public var blockFormat: BlockFormat? {
        switch self {
        case .q8: .q8
        case .q4: .q4
        case .float32, .float16, .bfloat16: nil
        }
    }

    /// The type of such a matrix.
    var storedType: StoredType {
        blockFormat.map { .blocks($0) } ?? .numbers(elementType ?? .float32)
    }

    /// Bytes of a row of so many elements; nil if it is no whole number of blocks.
    public func rowBytes(_ count: Int) -> Int? {
        if let elementType { return count * elementType.size }
        guard let blockFormat, count % BlockFormat.elements == 0 else { return nil }
        return blockFormat.size(count)
    }

    /// This format where rows of `count` elements can have it, else float16, as other writers of GGUF do it.
    func fitting(rowLength count: Int) -> WeightFormat { rowBytes(count) == nil ? .float16 : self }

    /// Reads `count` elements (whole blocks) as float32.
    func widen(_ source: UnsafeRawPointer, count: Int, into target: UnsafeMutablePointer<Float>) {
        if let elementType {
            elementType.widen(source, count: count, into: target)
        } else if let blockFormat {
            blockFormat.dequantize(source.assumingMemoryBound(to: UInt8.self), count: count, into: target)
        }
    }

    /// Writes `count` elements (whole blocks), rounded.
    func narrow(_ source: UnsafePointer<Float>, count: Int, into target: UnsafeMutableRawPointer) {
        if let elementType {
            elementType.narrow(source, count: count, into: target)
        } else if let blockFormat {
            blockFormat.quantize(source, count: count, into: target.assumingMemoryBound(to: UInt8.self))
        }
    }
}
