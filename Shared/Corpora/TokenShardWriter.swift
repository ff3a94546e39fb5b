// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Tokenization

/// Collects the rows of one shard in memory and publishes them as a file, all or nothing.
struct TokenShardWriter {
    private let vocabularySize: Int
    private let sequenceLength: Int
    private var rowTable: [UInt8] = []
    private var segmentStarts: [UInt8] = []
    private var ids: [UInt8] = []
    private var mask: [UInt8] = []
    private var isMasked = false
    private(set) var rows = 0
    private(set) var tokens = 0
    private(set) var textBytes = 0
    private var segments = 0

    init(vocabularySize: Int, sequenceLength: Int) {
        self.vocabularySize = vocabularySize
        self.sequenceLength = sequenceLength
    }

    /// Adds a row; its labels must be its ids or −100.
    mutating func append(_ row: TokenSequence) throws {
        guard !row.ids.isEmpty, row.ids.count <= sequenceLength, row.labels.count == row.ids.count,
            row.segments.count == row.ids.count, row.segments.first == 0
        else {
            throw CorporaError(
                .mismatch, "row \(rows)", "has \(row.ids.count) tokens where 1 to \(sequenceLength) are allowed")
        }
        putEntry(domain: row.domain, textBytes: row.textBytes)
        for t in row.ids.indices {
            let id = row.ids[t]
            guard id >= 0, id < vocabularySize else {
                throw CorporaError(
                    .mismatch, "row \(rows)", "has token id \(id) beyond the vocabulary of \(vocabularySize)")
            }
            if t == 0 || row.segments[t] != row.segments[t - 1] {
                put(UInt32(t), into: &segmentStarts)
                segments += 1
            }
            if vocabularySize > 1 << 16 { put(UInt32(id), into: &ids) } else { put(UInt16(id), into: &ids) }
            let isTrained = row.labels[t] != TokenSequence.ignoredLabel
            if !isTrained { isMasked = true }
            mask.append(isTrained ? 1 : 0)
        }
        rows += 1
        tokens += row.ids.count
        textBytes += row.textBytes
    }

    /// Writes the file and tells its digest (`sha256:…`) and size.
    consuming func publish(path: String) throws -> (digest: String, byteCount: Int) {
        putEntry(domain: nil, textBytes: 0)
        let header = TokenShard.Header(
            vocabularySize: vocabularySize, sequenceLength: sequenceLength, isMasked: isMasked, rows: rows,
            tokens: tokens, segments: segments, textBytes: textBytes)
        var file = try PublishedFile(path: path)
        var hash = SHA256()
        for part in [header.bytes, rowTable, segmentStarts, ids, isMasked ? mask : []] {
            try file.write(part)
            part.withUnsafeBytes { hash.update($0) }
        }
        let byteCount = file.byteCount
        try file.publish()
        return (hash.finish(), byteCount)
    }

    private mutating func putEntry(domain: CorpusDomain?, textBytes: Int) {
        put(UInt64(tokens), into: &rowTable)
        put(UInt64(segments), into: &rowTable)
        let number = domain.flatMap { CorpusDomain.allCases.firstIndex(of: $0) }
        put(number.map { UInt32($0) } ?? UInt32.max, into: &rowTable)
        put(UInt32(clamping: textBytes), into: &rowTable)
    }

    private func put<Value: FixedWidthInteger>(_ value: Value, into bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
}
