// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Tokenization

/// Token sequences to train or evaluate on, by index: a dataset folder or a JSON Lines file
/// (both memory-mapped), or rows in memory.
public struct TokenDataset: Sendable {
    /// How many rows there are; at least one.
    public let count: Int
    /// Every id is below this; 0 if unknown (a JSON Lines file of tokens does not say).
    public let vocabularySize: Int
    /// No row is longer than this.
    public let sequenceLength: Int
    /// `sha256:…` of what the rows are: two datasets of equal digest are equal.
    public let digest: String
    /// `sha256:…` of the tokenizer's file; nil if unknown.
    public let tokenizerDigest: String?
    /// The folder's manifest; nil for rows in memory.
    public let manifest: DatasetManifest?
    private let storage: Storage

    private enum Storage: Sendable {
        case shards([TokenShard], firstRows: [Int], window: ShardWindow)
        case lines(TokenLines)
        case rows([TokenSequence])
    }

    /// Opens what `path` names: a dataset folder, or a JSON Lines file of `{"input_ids": […], "labels": […]}`.
    public static func load(path: String) throws -> TokenDataset {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw CorporaError(.file, path, "does not exist; name a dataset folder or a JSON Lines file of input_ids")
        }
        return isFolder ? try TokenDataset(folder: path) : try TokenDataset(tokensFile: path)
    }

    /// Opens a dataset folder: `dataset.json` and its shards, with all counts checked against each other.
    public init(folder: String) throws {
        let path = folder + "/" + DatasetManifest.fileName
        guard FileManager.default.fileExists(atPath: path) else {
            throw CorporaError(.file, path, "does not exist; is this a dataset folder?")
        }
        let file = try MappedFile(path: path, largest: 1 << 26)
        let bytes = withExtendedLifetime(file) { Data(file.bytes) }
        let manifest: DatasetManifest
        do {
            manifest = try JSONDecoder().decode(DatasetManifest.self, from: bytes)
        } catch {
            throw CorporaError(.malformed, path, "is not a dataset manifest: \(Self.reason(error))")
        }
        guard manifest.format == DatasetManifest.format, manifest.version == DatasetManifest.version else {
            throw CorporaError(
                .malformed, path,
                "is format \(manifest.format) version \(manifest.version); this program reads"
                    + " \(DatasetManifest.format) version \(DatasetManifest.version)")
        }
        var shards: [TokenShard] = []
        var firstRows: [Int] = []
        var rows = 0
        for part in manifest.shards {
            guard !part.file.contains("/"), !part.file.hasPrefix(".") else {
                throw CorporaError(.malformed, path, "names a shard outside its folder")
            }
            let shard = try TokenShard(path: folder + "/" + part.file)
            guard shard.count == part.sequences, shard.header.vocabularySize == manifest.vocabularySize,
                shard.header.sequenceLength <= manifest.sequenceLength
            else {
                throw CorporaError(.mismatch, folder + "/" + part.file, "does not fit \(path); build the dataset again")
            }
            shard.release()
            firstRows.append(rows)
            rows += shard.count
            shards.append(shard)
        }
        guard rows == manifest.counts.sequences, rows > 0 else {
            throw CorporaError(
                .mismatch, path,
                "promises \(manifest.counts.sequences) sequences, its shards hold \(rows); at least one is needed")
        }
        count = rows
        vocabularySize = manifest.vocabularySize
        sequenceLength = manifest.sequenceLength
        tokenizerDigest = manifest.tokenizerDigest
        digest = SHA256.digest(of: Array(bytes))
        storage = .shards(shards, firstRows: firstRows, window: ShardWindow())
        self.manifest = manifest
    }

    /// A dataset of rows in memory.
    public init(rows: [TokenSequence], vocabularySize: Int = 0) throws {
        guard !rows.isEmpty, !rows.contains(where: \.ids.isEmpty) else {
            throw CorporaError(.emptySource, "dataset", "needs at least one row, and no row may be empty")
        }
        var digest = RowDigest()
        for row in rows { digest.add(row) }
        self.init(.rows(rows), count: rows.count, digest, vocabularySize: vocabularySize)
    }

    /// A dataset of the rows of a file, whose digest was taken when they were checked.
    init(lines: TokenLines, _ digest: RowDigest, vocabularySize: Int) {
        self.init(.lines(lines), count: lines.count, digest, vocabularySize: vocabularySize)
    }

    private init(_ storage: Storage, count: Int, _ digest: RowDigest, vocabularySize: Int) {
        self.count = count
        self.vocabularySize = vocabularySize
        sequenceLength = digest.longest
        self.digest = digest.finish()
        tokenizerDigest = nil
        manifest = nil
        self.storage = storage
    }

    /// The row of this index, 0 ..< count.
    public func sequence(_ index: Int) throws -> TokenSequence {
        switch storage {
        case .rows(let rows):
            try check(index)
            return rows[index]
        case .lines(let lines):
            try check(index)
            return try lines.sequence(index)
        case .shards(let shards, let firstRows, let window):
            let (shard, row) = try locate(index, firstRows)
            defer { window.note(shard, bytes: shards[shard].bytes(of: row), shards) }
            return try shards[shard].sequence(row)
        }
    }

    /// The length of a row, without reading it.
    public func length(_ index: Int) throws -> Int {
        switch storage {
        case .rows(let rows):
            try check(index)
            return rows[index].ids.count
        case .lines(let lines):
            try check(index)
            return lines.length(index)
        case .shards(let shards, let firstRows, let window):
            let (shard, row) = try locate(index, firstRows)
            defer { window.note(shard, bytes: 0, shards) }
            return shards[shard].length(row)
        }
    }

    /// Reads every shard whole and compares it with the digest in the manifest; for imports from elsewhere.
    public func verify() throws {
        guard case .shards(let shards, _, _) = storage, let manifest else { return }
        for (shard, promised) in zip(shards, manifest.shards) {
            defer { shard.release() }
            guard shard.digest() != promised.digest else { continue }
            throw CorporaError(.malformed, promised.file, "has another digest than the manifest says; copy it again")
        }
    }

    private func check(_ index: Int) throws {
        guard index >= 0, index < count else {
            throw CorporaError(.mismatch, "dataset", "has \(count) sequences, so there is no number \(index)")
        }
    }

    private func locate(_ index: Int, _ firstRows: [Int]) throws -> (shard: Int, row: Int) {
        try check(index)
        var low = 0, high = firstRows.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if firstRows[middle] <= index { low = middle } else { high = middle - 1 }
        }
        return (low, index - firstRows[low])
    }

    /// What a decoding error says, without quoting the data.
    static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is not valid JSON" }
        switch error {
        case .keyNotFound(let key, _): return "the field \(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return "the field \(path) has another type than expected"
        default: return "it is not valid JSON"
        }
    }
}
