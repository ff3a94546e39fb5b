// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// JSON as it was written, members in their order: what a schema is read from, where that order counts.
indirect enum SchemaText: Sendable, Hashable {
    case null
    case bool(Bool)
    /// The digits as written.
    case number(String)
    case string(String)
    case array([SchemaText])
    case object([Member])

    struct Member: Sendable, Hashable {
        let name: String
        let value: SchemaText
    }

    /// The member of this name.
    subscript(name: String) -> SchemaText? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// JSON text without spaces.
    var json: [UInt8] {
        switch self {
        case .null: return Array("null".utf8)
        case .bool(let value): return Array(value ? "true".utf8 : "false".utf8)
        case .number(let digits): return Array(digits.utf8)
        case .string(let text): return Self.quoted(text)
        case .array(let items):
            return [0x5B] + items.map(\.json).joined(separator: [0x2C]) + [0x5D]
        case .object(let members):
            return [0x7B] + members.map { Self.quoted($0.name) + [0x3A] + $0.value.json }.joined(separator: [0x2C])
                + [0x7D]
        }
    }

    /// A string in quotes, with no more escapes than JSON needs.
    static func quoted(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [0x22]
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: bytes += Array("\\n".utf8)
            case 0x0D: bytes += Array("\\r".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        return bytes + [0x22]
    }
}
