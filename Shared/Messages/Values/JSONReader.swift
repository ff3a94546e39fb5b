// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads JSON text (RFC 8259) into a `JSONValue` in one pass, as Foundation's decoder would, some ten times as fast:
/// every claimed job, every result and every request goes through here.
///
/// Strict: UTF-8 only, no comments or leading zeros, no lone surrogates, no deeper than 512, and, unlike Foundation's, no
/// trailing commas. Of equal names in one object the first counts. A whole number that fits 64 bits is an integer, also
/// where it is written as `1.0` or `1e3`; beyond 2⁵³ only digits make one. A number beyond a double is an error.
struct JSONReader {
    /// Where the text breaks the grammar; the offset is in bytes.
    struct SyntaxError: Error, Equatable {
        var offset: Int
    }

    /// As Foundation's.
    static let maximumDepth = 512

    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// Reads a whole text.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(SyntaxError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw reader.error }
        return value
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    private var error: SyntaxError { SyntaxError(offset: position) }

    /// The byte at the position; zero, which no grammar rule takes, at the end.
    private var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte, position < bytes.count else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(SyntaxError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw error }
        skipSpace()
        switch current {
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(SyntaxError) -> JSONValue {
        for index in 0..<text.utf8CodeUnitCount {
            guard take(text.utf8Start[index]) else { throw error }
        }
        return value
    }

    private mutating func object(depth: Int) throws(SyntaxError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw error }
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw error }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error }
            let value = try value(depth: depth)
            if members[name] == nil { members[name] = value }
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw error }
            return .object(members)
        }
    }

    private mutating func array(depth: Int) throws(SyntaxError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw error }
        position += 1
        var items: [JSONValue] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw error }
            return .array(items)
        }
    }

    // MARK: Strings

    private mutating func string() throws(SyntaxError) -> String {
        position += 1
        let start = position
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\""):
                defer { position += 1 }
                return try text(bytes[start..<position])
            case UInt8(ascii: "\\"): return try escapedString(from: start)
            case ..<0x20: throw error
            default: position += 1
            }
        }
        throw error
    }

    private func text(_ slice: Slice<UnsafeBufferPointer<UInt8>>) throws(SyntaxError) -> String {
        guard let text = String(validating: UnsafeBufferPointer(rebasing: slice), as: UTF8.self) else { throw error }
        return text
    }

    /// The rest of a string that has an escape, from its start.
    private mutating func escapedString(from start: Int) throws(SyntaxError) -> String {
        var out = Array(bytes[start..<position])
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: out, as: UTF8.self) else { throw error }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case ..<0x20: throw error
            default: out.append(byte)
            }
        }
        throw error
    }

    private mutating func escape(into out: inout [UInt8]) throws(SyntaxError) {
        let byte = current
        guard position < bytes.count else { throw error }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800...0xDBFF).contains(code) {
                guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error }
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw error }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw error }
            out.append(contentsOf: UTF8.encode(scalar) ?? .init())
        default: throw error
        }
    }

    private mutating func hexadecimal() throws(SyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch current {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = current - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = current - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = current - UInt8(ascii: "A") + 10
            default: throw error
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    // MARK: Numbers

    private mutating func digits() throws(SyntaxError) {
        let start = position
        while (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(current) { position += 1 }
        guard position > start else { throw error }
    }

    private mutating func number() throws(SyntaxError) -> JSONValue {
        let start = position
        let isNegative = take(UInt8(ascii: "-"))
        let first = position
        try digits()
        guard bytes[first] != UInt8(ascii: "0") || position == first + 1 else { throw error }
        let isWhole = current != UInt8(ascii: ".") && current | 0x20 != UInt8(ascii: "e")
        if take(UInt8(ascii: ".")) { try digits() }
        if current | 0x20 == UInt8(ascii: "e") {
            position += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        if isWhole, let value = integer(bytes[first..<position], isNegative: isNegative) { return .integer(value) }
        // Its bytes are ASCII digits and signs.
        let text = String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw error }
        return abs(value) <= 0x1p53 ? Int64(exactly: value).map { .integer($0) } ?? .number(value) : .number(value)
    }

    private func integer(_ digits: Slice<UnsafeBufferPointer<UInt8>>, isNegative: Bool) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let step = Int64(digit - UInt8(ascii: "0"))
            let (sum, carry) = product.addingReportingOverflow(isNegative ? -step : step)
            if overflow || carry { return nil }
            value = sum
        }
        return value
    }
}
