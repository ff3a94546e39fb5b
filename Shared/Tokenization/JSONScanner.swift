// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads JSON (RFC 8259) from front to back, strings as bytes.
///
/// Foundation's decoder keeps object keys as `String`s, which are equal by canonical equivalence: of two pieces that look
/// the same one would vanish. Here every key is handed over as it stands. What is held is what the caller keeps.
struct JSONScanner {
    private static let deepest = 64

    private let bytes: [UInt8]
    private let name: String
    private var index = 0
    private var depth = 0

    /// A scanner of these bytes; `name` is the file's name for errors.
    init(_ bytes: [UInt8], name: String) {
        self.bytes = bytes
        self.name = name
    }

    /// What is wrong at the place that was reached.
    func error(_ what: String) -> TokenizationError {
        TokenizationError(.malformed, name, "byte \(index): \(what)")
    }

    /// Reads an object; `field` is given each key and must take its value.
    mutating func object(_ field: (inout JSONScanner, [UInt8]) throws -> Void) throws {
        try enter("{", "an object")
        if take("}") { return leave() }
        repeat {
            let key = try string()
            guard take(":") else { throw error("a colon is missing after a key") }
            try field(&self, key)
        } while take(",")
        guard take("}") else { throw error("an object does not end with }") }
        leave()
    }

    /// Reads an array; `element` must take each value.
    mutating func array(_ element: (inout JSONScanner) throws -> Void) throws {
        try enter("[", "an array")
        if take("]") { return leave() }
        repeat { try element(&self) } while take(",")
        guard take("]") else { throw error("an array does not end with ]") }
        leave()
    }

    /// Reads a string as UTF-8.
    mutating func string() throws -> [UInt8] {
        guard take("\"") else { throw error("a string is missing") }
        var text: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\"") {
                index += 1
                return text
            }
            guard byte >= 0x20 else { throw error("a control character inside a string") }
            if byte == UInt8(ascii: "\\") {
                try escape(&text)
                continue
            }
            let length = byte < 0x80 ? 1 : UTF8Repair.scalarLength(bytes, at: index)
            guard length > 0 else { throw error("the bytes are not UTF-8") }
            text.append(contentsOf: bytes[index..<index + length])
            index += length
        }
        throw error("a string does not end")
    }

    /// Reads a string that may be null.
    mutating func optionalString() throws -> [UInt8]? { takeNull() ? nil : try string() }

    /// Reads a whole number.
    mutating func integer() throws -> Int {
        let text = try number()
        guard let value = Int(text) else { throw error("a whole number is missing") }
        return value
    }

    /// Reads true or false.
    mutating func boolean() throws -> Bool {
        if take(word: "true") { return true }
        if take(word: "false") { return false }
        throw error("true or false is missing")
    }

    /// Takes a null, if there is one.
    mutating func takeNull() -> Bool { take(word: "null") }

    /// The first byte of the next value, without taking it.
    mutating func peek() -> UInt8? {
        skipSpaces()
        return index < bytes.count ? bytes[index] : nil
    }

    /// Passes over a value of any kind.
    mutating func skip() throws {
        switch peek() {
        case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skip() }
        case UInt8(ascii: "["): try array { try $0.skip() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try boolean()
        case UInt8(ascii: "n"): if !takeNull() { throw error("a value is missing") }
        default: _ = try number()
        }
    }

    /// Throws if anything but spaces is left.
    mutating func end() throws {
        guard peek() == nil else { throw error("something follows the end of the document") }
    }

    private mutating func number() throws -> String {
        skipSpaces()
        let start = index
        while index < bytes.count, "+-.0123456789Ee".utf8.contains(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        guard index - start <= 400, let value = Double(text), value.isFinite else {
            throw error("a value is missing")
        }
        return text
    }

    private mutating func escape(_ text: inout [UInt8]) throws {
        index += 1
        guard index < bytes.count else { throw error("a string does not end") }
        let character = bytes[index]
        index += 1
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(character)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var value = try hexadecimal()
            if (0xD800...0xDBFF).contains(value) {
                guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
                else { throw error("half of a surrogate pair") }
                index += 2
                let low = try hexadecimal()
                guard (0xDC00...0xDFFF).contains(low) else { throw error("half of a surrogate pair") }
                value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw error("half of a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw error("an unknown escape in a string")
        }
    }

    private mutating func hexadecimal() throws -> UInt32 {
        guard bytes.count - index >= 4 else { throw error("a string does not end") }
        var value: UInt32 = 0
        for byte in bytes[index..<index + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
                throw error("an escape without four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        index += 4
        return value
    }

    private mutating func enter(_ bracket: Unicode.Scalar, _ what: String) throws {
        guard take(bracket) else { throw error("\(what) is missing") }
        depth += 1
        guard depth <= Self.deepest else { throw error("more than \(Self.deepest) levels of nesting") }
    }

    private mutating func leave() { depth -= 1 }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func take(word: StaticString) -> Bool {
        skipSpaces()
        let count = word.utf8CodeUnitCount
        guard bytes.count - index >= count,
            word.withUTF8Buffer({ $0.elementsEqual(bytes[index..<index + count]) })
        else { return false }
        index += count
        return true
    }

    private mutating func skipSpaces() {
        while index < bytes.count, " \t\r\n".utf8.contains(bytes[index]) { index += 1 }
    }

    /// UTF-8 as a JSON string.
    static func quoted(_ bytes: [UInt8]) -> [UInt8] {
        var text = [UInt8(ascii: "\"")]
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                text += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
            default: text.append(byte)
            }
        }
        return text + [UInt8(ascii: "\"")]
    }
}
