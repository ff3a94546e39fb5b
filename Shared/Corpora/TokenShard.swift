// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Tokenization

/// A file of token sequences, read through a memory map.
///
/// Little-endian, in this order:
///
/// | bytes | what |
/// | --- | --- |
/// | 64 | ``Header`` |
/// | 24 (rows + 1) | row table: first token (u64), first segment (u64), domain (u32, `UInt32.max` for none), text bytes (u32); the last entry is the end |
/// | 4 × segments | where each segment begins in its row (u32); a row's first is 0 |
/// | 2 or 4 × tokens | ids (u16 if the vocabulary has at most 65,536 entries, else u32) |
/// | tokens, if masked | 1 where the label is the id, 0 where it is −100 |
///
/// Opening checks every count against the file's size and the row table in full; ids are checked as they are read.
struct TokenShard: Sendable {
    static let rowEntryBytes = 24

    let header: Header
    private let file: MappedFile

    init(path: String) throws {
        try self.init(file: MappedFile(path: path))
    }

    init(file: MappedFile) throws {
        self.file = file
        header = try Header(file.bytes, path: file.path)
        try checkRowTable()
    }

    /// How many rows there are.
    var count: Int { header.rows }

    /// The row of this index.
    func sequence(_ index: Int) throws -> TokenSequence {
        guard index >= 0, index < count else {
            throw CorporaError(.mismatch, file.path, "has \(count) sequences, so there is no number \(index)")
        }
        let row = entry(index), next = entry(index + 1)
        let length = next.token - row.token
        var ids = [TokenID](repeating: 0, count: length)
        var largest: TokenID = 0
        for t in 0..<length {
            let id: TokenID
            if header.isWide {
                let wide = load(header.idsStart + 4 * (row.token + t), as: UInt32.self)
                id = TokenID(truncatingIfNeeded: min(wide, UInt32(Int32.max)))
            } else {
                id = TokenID(load(header.idsStart + 2 * (row.token + t), as: UInt16.self))
            }
            ids[t] = id
            largest = max(largest, id)
        }
        guard largest < header.vocabularySize else {
            throw CorporaError(
                .mismatch, file.path,
                "sequence \(index) has token id \(largest), beyond its vocabulary of \(header.vocabularySize); the file"
                    + " is damaged: build the dataset again")
        }
        var labels = ids
        if header.isMasked {
            for t in 0..<length where file.bytes[header.maskStart + row.token + t] == 0 {
                labels[t] = TokenSequence.ignoredLabel
            }
        }
        var segments = [Int32](repeating: 0, count: length)
        for number in row.segment..<next.segment {
            let start = Int(load(header.segmentsStart + 4 * number, as: UInt32.self))
            let end =
                number + 1 < next.segment
                ? Int(load(header.segmentsStart + 4 * (number + 1), as: UInt32.self)) : length
            for t in start..<end { segments[t] = Int32(number - row.segment) }
        }
        let domain = row.domain == UInt32.max ? nil : CorpusDomain.allCases[Int(row.domain)]
        return TokenSequence(ids: ids, labels: labels, segments: segments, domain: domain, textBytes: row.textBytes)
    }

    /// The domain of a row, without reading the row.
    func domain(_ index: Int) -> CorpusDomain? {
        let number = entry(index).domain
        return number == UInt32.max ? nil : CorpusDomain.allCases[Int(number)]
    }

    /// The length of a row, without reading the row.
    func length(_ index: Int) -> Int { entry(index + 1).token - entry(index).token }

    /// Bytes of the file that reading a row touches.
    func bytes(of index: Int) -> Int {
        let row = entry(index), next = entry(index + 1)
        let token = header.idBytes + (header.isMasked ? 1 : 0)
        return 4 * (next.segment - row.segment) + token * (next.token - row.token)
    }

    /// Gives the memory of the pages read so far back.
    func release() { file.release() }

    /// `sha256:` and the digest of the whole file.
    func digest() -> String {
        var hash = SHA256()
        hash.update(file.bytes)
        return hash.finish()
    }

    private struct Entry {
        var token: Int
        var segment: Int
        var domain: UInt32
        var textBytes: Int
    }

    private func entry(_ index: Int) -> Entry {
        let start = header.rowTableStart + Self.rowEntryBytes * index
        return Entry(
            token: Int(truncatingIfNeeded: load(start, as: UInt64.self)),
            segment: Int(truncatingIfNeeded: load(start + 8, as: UInt64.self)),
            domain: load(start + 16, as: UInt32.self), textBytes: Int(load(start + 20, as: UInt32.self)))
    }

    private func load<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
        Value(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: type))
    }

    /// After this, every offset a row names lies inside its part of the file.
    private func checkRowTable() throws {
        var token = 0, segment = 0
        for index in 0...count {
            let row = entry(index)
            let isFirst = index == 0, isLast = index == count
            guard
                isFirst
                    ? row.token == 0 && row.segment == 0
                    : row.token > token && row.token - token <= header.sequenceLength && row.segment > segment,
                row.token <= header.tokens, row.segment <= header.segments,
                !isLast || (row.token == header.tokens && row.segment == header.segments),
                isLast || row.domain == UInt32.max || Int(row.domain) < CorpusDomain.allCases.count
            else {
                throw CorporaError(
                    .malformed, file.path,
                    "entry \(index) of the row table contradicts the header; the file is damaged: build it again")
            }
            if !isFirst { try checkSegments(of: index - 1, segment..<row.segment, length: row.token - token) }
            (token, segment) = (row.token, row.segment)
        }
    }

    private func checkSegments(of row: Int, _ numbers: Range<Int>, length: Int) throws {
        var previous = -1
        for number in numbers {
            let start = Int(load(header.segmentsStart + 4 * number, as: UInt32.self))
            guard number == numbers.lowerBound ? start == 0 : start > previous, start < length else {
                throw CorporaError(
                    .malformed, file.path,
                    "the segments of sequence \(row) are out of order; the file is damaged: build it again")
            }
            previous = start
        }
    }
}
