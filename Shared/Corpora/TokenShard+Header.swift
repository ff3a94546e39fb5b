// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension TokenShard {
    /// The first 64 bytes of a shard: magic `MELLATOK`, version (u32), flags (u32; bit 0: ids are u32, bit 1: a mask
    /// follows), vocabulary size (u32), sequence length (u32), rows, tokens, segments and text bytes (u64 each).
    struct Header: Sendable, Equatable {
        static let magic: [UInt8] = Array("MELLATOK".utf8)
        static let byteCount = 64
        static let version: UInt32 = 1
        /// Beyond this many rows, tokens or segments a file is refused: it keeps offsets far from overflow.
        static let largestCount = 1 << 48

        var vocabularySize: Int
        var sequenceLength: Int
        var isMasked: Bool
        var rows: Int
        var tokens: Int
        var segments: Int
        var textBytes: Int

        /// Whether ids take four bytes.
        var isWide: Bool { vocabularySize > 1 << 16 }
        var idBytes: Int { isWide ? 4 : 2 }
        var rowTableStart: Int { Self.byteCount }
        var segmentsStart: Int { rowTableStart + TokenShard.rowEntryBytes * (rows + 1) }
        var idsStart: Int { segmentsStart + 4 * segments }
        var maskStart: Int { idsStart + idBytes * tokens }
        var fileBytes: Int { maskStart + (isMasked ? tokens : 0) }

        init(
            vocabularySize: Int, sequenceLength: Int, isMasked: Bool, rows: Int, tokens: Int, segments: Int,
            textBytes: Int
        ) {
            self.vocabularySize = vocabularySize
            self.sequenceLength = sequenceLength
            self.isMasked = isMasked
            self.rows = rows
            self.tokens = tokens
            self.segments = segments
            self.textBytes = textBytes
        }

        /// Reads a header and checks its counts against the size of the file.
        init(_ bytes: UnsafeRawBufferPointer, path: String) throws {
            guard bytes.count >= Self.byteCount, bytes[..<8].elementsEqual(Self.magic) else {
                throw CorporaError(.malformed, path, "is not a token shard (it does not begin with MELLATOK)")
            }
            func small(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            func large(_ offset: Int) -> Int? {
                let value = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                return value <= Self.largestCount ? Int(value) : nil
            }
            guard small(8) == Self.version else {
                throw CorporaError(
                    .malformed, path, "is a token shard of version \(small(8)), this program reads \(Self.version)")
            }
            guard let rows = large(24), let tokens = large(32), let segments = large(40), let textBytes = large(48),
                small(16) > 0, small(16) <= Int32.max, small(20) > 0, small(20) <= Int32.max, small(12) < 4
            else { throw CorporaError(.malformed, path, "has a header with impossible counts; build it again") }
            self.init(
                vocabularySize: Int(small(16)), sequenceLength: Int(small(20)), isMasked: small(12) & 2 != 0,
                rows: rows, tokens: tokens, segments: segments, textBytes: textBytes)
            guard (small(12) & 1 != 0) == isWide, fileBytes == bytes.count else {
                throw CorporaError(
                    .malformed, path,
                    "has \(bytes.count) bytes where its header asks for \(fileBytes); it was cut short or changed:"
                        + " build it again")
            }
        }

        /// The header's bytes.
        var bytes: [UInt8] {
            var bytes = Self.magic
            func put<Value: FixedWidthInteger>(_ value: Value) {
                withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
            }
            put(Self.version)
            put(UInt32((isWide ? 1 : 0) | (isMasked ? 2 : 0)))
            put(UInt32(vocabularySize))
            put(UInt32(sequenceLength))
            for count in [rows, tokens, segments, textBytes] { put(UInt64(count)) }
            put(UInt64(0))
            return bytes
        }
    }
}
