// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Tokenization

/// Tokenized documents on disk, written once in reading order and read back in any order.
struct TokenSpool {
    /// A document: where its ids are, and what it is.
    struct Entry: Sendable {
        var start: Int
        var count: Int
        var source: Int
        /// UTF-8 bytes of its text.
        var textBytes: Int
        /// A hash of its words, which decides on which side of a split it falls.
        var fingerprint: UInt64
    }

    private let ids: MappedFile
    let entries: [Entry]

    /// The ids of a document, without special tokens.
    func ids(of entry: Entry) -> [TokenID] {
        (entry.start..<entry.start + entry.count).map {
            TokenID(littleEndian: ids.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: TokenID.self))
        }
    }

    /// Writes a spool.
    struct Writer: ~Copyable {
        private let path: String
        private var file: PublishedFile
        private var entries: [Entry] = []
        private var tokens = 0

        init(path: String) throws {
            self.path = path
            file = try PublishedFile(path: path)
        }

        mutating func append(_ ids: [TokenID], source: Int, textBytes: Int, fingerprint: UInt64) throws {
            let little = ids.map(\.littleEndian)
            try little.withUnsafeBytes { try file.write($0) }
            entries.append(
                Entry(
                    start: tokens, count: ids.count, source: source, textBytes: textBytes, fingerprint: fingerprint))
            tokens += ids.count
        }

        consuming func finish() throws -> TokenSpool {
            let (path, entries) = (path, entries)
            try file.publish()
            return TokenSpool(ids: try MappedFile(path: path), entries: entries)
        }
    }
}
