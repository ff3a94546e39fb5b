// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Reads the fields of one protocol buffers message (wire format, protobuf.dev/programming-guides/encoding).
///
/// Nothing is trusted: a length is compared with what is left before it is used, and nothing is allocated for it.
struct ProtobufReader {
    /// The value of a field, by wire type.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(Range<Int>)
        case fixed32(UInt32)
    }

    private let buffer: UnsafeRawBufferPointer
    private let subject: String
    private var offset: Int
    private let end: Int

    /// Reads the part `range` of `buffer`; `subject` names the file in errors.
    init(_ buffer: UnsafeRawBufferPointer, range: Range<Int>, subject: String) {
        self.buffer = buffer
        self.subject = subject
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next field's number and value, or nil at the end of the message.
    mutating func next() throws -> (field: Int, value: Value)? {
        guard offset < end else { return nil }
        let start = offset
        let key = try varint()
        let field = key >> 3
        guard field > 0, field < 1 << 29 else { throw failure("the field number at byte \(start) is impossible") }
        switch key & 7 {
        case 0: return (Int(field), .varint(try varint()))
        case 1: return (Int(field), .fixed64(try fixed(UInt64.self)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - offset) else {
                throw failure("the field at byte \(start) claims \(length) bytes, only \(end - offset) are left")
            }
            let range = offset..<offset + Int(length)
            offset = range.upperBound
            return (Int(field), .bytes(range))
        case 5: return (Int(field), .fixed32(try fixed(UInt32.self)))
        default: throw failure("the field at byte \(start) has wire type \(key & 7), which is not in use")
        }
    }

    private mutating func varint() throws -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < end {
            let byte = buffer[offset]
            offset += 1
            guard shift < 63 || byte < 2 else { break }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift < 64 else { break }
        }
        throw failure("the number that ends at byte \(offset) is cut short or too large")
    }

    private mutating func fixed<Word: FixedWidthInteger>(_ type: Word.Type) throws -> Word {
        let size = MemoryLayout<Word>.size
        guard end - offset >= size else { throw failure("the message is cut short at byte \(offset)") }
        defer { offset += size }
        return Word(littleEndian: buffer.loadUnaligned(fromByteOffset: offset, as: type))
    }

    func failure(_ what: String) -> TokenizationError {
        TokenizationError(
            .malformed, subject, "\(what); this is no SentencePiece model, or it is damaged: copy it again")
    }
}
