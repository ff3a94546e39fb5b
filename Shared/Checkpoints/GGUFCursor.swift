// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads the header of a GGUF file from front to back: every length is compared with what is left before it is used.
struct GGUFCursor {
    /// ggml's `gguf_type`.
    private enum Kind: UInt32 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// The least bytes a value takes.
        var size: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .string, .uint64, .int64, .float64: 8
            case .array: 12
            }
        }
    }

    private let bytes: UnsafeRawBufferPointer
    let path: String
    private(set) var index = 0

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    func malformed(_ what: String) -> CheckpointError {
        CheckpointError(.malformed, "\(path), byte \(index): \(what)")
    }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type = Number.self) throws -> Number {
        let size = MemoryLayout<Number>.size
        guard bytes.count - index >= size else { throw ended() }
        defer { index += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: Number.self))
    }

    /// A count of things that take at least `size` bytes each, and of which there may be `most`.
    mutating func count(of what: String, atLeast size: Int, most: Int = .max) throws -> Int {
        let claimed = try number(UInt64.self)
        guard claimed <= UInt64((bytes.count - index) / size) else { throw ended() }
        guard claimed <= UInt64(most) else { throw malformed("\(claimed) \(what), more than \(most)") }
        return Int(claimed)
    }

    mutating func string(most: Int = .max) throws -> [UInt8] {
        let count = try count(of: "bytes of a string", atLeast: 1, most: most)
        defer { index += count }
        return [UInt8](UnsafeRawBufferPointer(rebasing: bytes[index..<index + count]))
    }

    mutating func value() throws -> GGUFValue {
        let kind = try kind()
        return kind == .array ? try array() : try scalar(kind)
    }

    private mutating func kind() throws -> Kind {
        let code = try number(UInt32.self)
        guard let kind = Kind(rawValue: code) else { throw malformed("the unknown value type \(code)") }
        return kind
    }

    private mutating func scalar(_ kind: Kind) throws -> GGUFValue {
        switch kind {
        case .float32, .float64: return .real(try real(kind))
        case .bool:
            let byte = try number(UInt8.self)
            guard byte <= 1 else { throw malformed("a boolean of \(byte)") }
            return .boolean(byte == 1)
        case .string: return .string(try string())
        case .array: throw malformed("an array where a value was expected")
        default: return .integer(try integer(kind))
        }
    }

    private mutating func integer(_ kind: Kind) throws -> Int {
        switch kind {
        case .uint8, .bool: return Int(try number(UInt8.self))
        case .int8: return Int(try number(Int8.self))
        case .uint16: return Int(try number(UInt16.self))
        case .int16: return Int(try number(Int16.self))
        case .uint32: return Int(try number(UInt32.self))
        case .int32: return Int(try number(Int32.self))
        case .int64: return Int(try number(Int64.self))
        default:
            guard let value = Int(exactly: try number(UInt64.self)) else { throw malformed("a number beyond 2^63") }
            return value
        }
    }

    private mutating func real(_ kind: Kind) throws -> Double {
        kind == .float32
            ? Double(Float(bitPattern: try number(UInt32.self))) : Double(bitPattern: try number(UInt64.self))
    }

    private mutating func array() throws -> GGUFValue {
        let kind = try kind()
        guard kind != .array else { throw malformed("an array of arrays") }
        let count = try count(of: "elements", atLeast: kind.size)
        switch kind {
        case .string: return .strings(try (0..<count).map { _ in try string() })
        case .float32, .float64: return .reals(try (0..<count).map { _ in Float(try real(kind)) })
        default: return .integers(try (0..<count).map { _ in try integer(kind) })
        }
    }

    private func ended() -> CheckpointError {
        CheckpointError(.truncated, "\(path), byte \(index): the file ends inside its header; copy it again")
    }
}
