// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads the text of a schema (RFC 8259), which comes from outside: bounded in size and depth, equal names refused.
struct SchemaReader {
    static let largest = 1 << 16
    static let deepest = 32

    private let bytes: [UInt8]
    private var position = 0

    /// The value of a whole text.
    static func read(_ bytes: [UInt8]) throws -> SchemaText {
        guard bytes.count <= largest else {
            throw SchemaReader.error("has \(bytes.count) bytes", remedy: "give at most \(largest)")
        }
        var reader = SchemaReader(bytes: bytes)
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.syntax }
        return value
    }

    static func error(_ problem: String, remedy: String) -> GenerationError {
        GenerationError(.invalidFormat, "schema", problem, remedy: remedy)
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var syntax: GenerationError {
        Self.error("is no JSON at byte \(position)", remedy: "mend the text")
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws -> SchemaText {
        guard depth <= Self.deepest else {
            throw Self.error("is deeper than \(Self.deepest) levels", remedy: "give a flatter one")
        }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func word(_ word: String, _ value: SchemaText) throws -> SchemaText {
        guard bytes[position...].starts(with: word.utf8) else { throw syntax }
        position += word.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws -> SchemaText {
        position += 1
        var members: [SchemaText.Member] = []
        var names: Set<String> = []
        if take(UInt8(ascii: "}")) { return .object([]) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw syntax }
            let name = try string()
            guard names.insert(name).inserted else {
                throw Self.error("names a member twice, up to byte \(position)", remedy: "keep one of the two")
            }
            guard take(UInt8(ascii: ":")) else { throw syntax }
            members.append(SchemaText.Member(name: name, value: try value(depth: depth + 1)))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw syntax }
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> SchemaText {
        position += 1
        var items: [SchemaText] = []
        if take(UInt8(ascii: "]")) { return .array([]) }
        repeat { items.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw syntax }
        return .array(items)
    }

    private mutating func number() throws -> String {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        let isZero = current == UInt8(ascii: "0")
        guard digits() > 0, !isZero || position == start + (bytes[start] == UInt8(ascii: "-") ? 2 : 1) else {
            throw syntax
        }
        if current == UInt8(ascii: ".") {
            position += 1
            guard digits() > 0 else { throw syntax }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            position += 1
            if current == UInt8(ascii: "-") || current == UInt8(ascii: "+") { position += 1 }
            guard digits() > 0 else { throw syntax }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() -> Int {
        let start = position
        while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
        return position - start
    }

    private mutating func string() throws -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw syntax }
                return text
            case UInt8(ascii: "\\"): text += Array(String(try escape()).utf8)
            case 0..<0x20: throw syntax
            default: text.append(byte)
            }
        }
        throw syntax
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard let byte = current else { throw syntax }
        position += 1
        switch byte {
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "u"):
            let high = try hexadecimal()
            if let scalar = Unicode.Scalar(high) { return scalar }
            guard high < 0xDC00, current == UInt8(ascii: "\\") else { throw syntax }
            position += 1
            guard current == UInt8(ascii: "u") else { throw syntax }
            position += 1
            let low = try hexadecimal()
            guard (0xDC00..<0xE000).contains(low),
                let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
            else { throw syntax }
            return scalar
        default: throw syntax
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard position + 4 <= bytes.count,
            bytes[position..<position + 4].allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw syntax }
        position += 4
        return value
    }
}
