// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Messages

/// A record as bytes: its length (4 bytes, little-endian), the CRC-32C of what follows (likewise), then the record as
/// one line of JSON and, after a line feed, its body.
struct JournalFrame: Sendable {
    static let prefixBytes = 8
    /// Longer ones are not written; a longer length is not one.
    static let maximumBytes = 256 << 20

    var record: JournalRecord
    /// A submission as JSON; empty for other records.
    var body: [UInt8]

    init(_ record: JournalRecord, body: [UInt8] = []) {
        self.record = record
        self.body = body
    }

    /// Reads the content of a frame whose checksum is right.
    init(content: some Collection<UInt8>) throws(MessageError) {
        let end = content.firstIndex(of: UInt8(ascii: "\n")) ?? content.endIndex
        let value = try MessageDecoder.parse(Data(content[..<end]))
        record = try MessageDecoder(policy: .lenient).decode(JournalRecord.self, from: value)
        body = end == content.endIndex ? [] : Array(content[content.index(after: end)...])
    }

    func bytes() throws -> [UInt8] {
        var content = Array(try MessageEncoder.encode(record))
        if !body.isEmpty { content += [UInt8(ascii: "\n")] + body }
        var frame: [UInt8] = []
        frame.reserveCapacity(Self.prefixBytes + content.count)
        for number in [UInt32(content.count), CRC32C.of(content)] {
            withUnsafeBytes(of: number.littleEndian) { frame += $0 }
        }
        return frame + content
    }

    /// Length and checksum of a frame; nil where no frame begins so.
    static func prefix(_ bytes: some Collection<UInt8>) -> (length: Int, checksum: UInt32)? {
        guard bytes.count >= prefixBytes else { return nil }
        func number(_ bytes: some Collection<UInt8>) -> UInt32 {
            bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        let length = Int(number(bytes.prefix(4)))
        guard length > 0, length <= maximumBytes else { return nil }
        return (length, number(bytes.dropFirst(4).prefix(4)))
    }
}
