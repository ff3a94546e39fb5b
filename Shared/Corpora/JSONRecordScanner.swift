// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the elements of a JSON array, or the members of a JSON object in the order they are written, without
/// decoding them: each can then be decoded on its own, and a mistake has a line number.
struct JSONRecordScanner {
    /// One element or member.
    struct Record {
        /// Counted from 0.
        var index: Int
        /// The line of its first byte, counted from 1.
        var line: Int
        /// The offset of its first byte in the file.
        var offset: Int
        var bytes: UnsafeRawBufferPointer
    }

    private let buffer: UnsafeRawBufferPointer
    private let path: String
    private var offset = 0
    private var line = 1
    private var index = 0
    private var isObject = false
    private var isAtStart = true

    /// Scans a file whose first character is `[` or `{`.
    init(_ buffer: UnsafeRawBufferPointer, path: String) throws {
        self.buffer = buffer
        self.path = path
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) { offset = 3 }
        skipSpace()
        switch peek() {
        case UInt8(ascii: "["): isObject = false
        case UInt8(ascii: "{"): isObject = true
        default: throw failure("expected [ or { at the start")
        }
        offset += 1
    }

    /// The next record, or nil after the last.
    mutating func next() throws -> Record? {
        skipSpace()
        let close = UInt8(ascii: isObject ? "}" : "]")
        if peek() == close {
            offset += 1
            skipSpace()
            guard offset == buffer.count else { throw failure("expected the end of the file") }
            return nil
        }
        if !isAtStart {
            guard peek() == UInt8(ascii: ",") else { throw failure("expected a comma or the end of the list") }
            offset += 1
            skipSpace()
        }
        isAtStart = false
        if isObject {
            try skipString()
            skipSpace()
            guard peek() == UInt8(ascii: ":") else { throw failure("expected a colon after the key") }
            offset += 1
            skipSpace()
        }
        let start = offset
        let startLine = line
        try skipValue()
        defer { index += 1 }
        return Record(
            index: index, line: startLine, offset: start,
            bytes: UnsafeRawBufferPointer(rebasing: buffer[start..<offset]))
    }

    private func peek() -> UInt8? { offset < buffer.count ? buffer[offset] : nil }

    private func failure(_ what: String) -> CorporaError {
        CorporaError(.malformed, path, "line \(line), byte \(offset): \(what); this is not valid JSON")
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            if byte == 0x0A { line += 1 }
            offset += 1
        }
    }

    private mutating func skipString() throws {
        guard peek() == UInt8(ascii: "\"") else { throw failure("expected a string") }
        offset += 1
        while let byte = peek() {
            if byte == 0x0A { line += 1 }
            offset += byte == UInt8(ascii: "\\") ? 2 : 1
            if byte == UInt8(ascii: "\"") { return }
        }
        throw failure("a string has no end")
    }

    /// Skips one value; what is inside it is checked when it is decoded.
    private mutating func skipValue() throws {
        let start = offset
        var depth = 0
        while let byte = peek() {
            switch byte {
            case UInt8(ascii: "\""): try skipString()
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                depth += 1
                offset += 1
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if depth == 0 {
                    guard offset > start else { throw failure("expected a value") }
                    return
                }
                depth -= 1
                offset += 1
            case UInt8(ascii: ","):
                if depth == 0 {
                    guard offset > start else { throw failure("expected a value") }
                    return
                }
                offset += 1
            default:
                if byte == 0x0A { line += 1 }
                offset += 1
            }
        }
        throw failure("the file ends inside a value; it was cut short")
    }
}
