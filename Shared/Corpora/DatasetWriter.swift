// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import FoundationEssentials
import Tokenization

/// Writes a dataset folder: shards as they fill, the manifest last.
struct DatasetWriter {
    /// A shard is published when it has this many tokens.
    static let shardTokens = 1 << 23

    private let folder: String
    private var manifest: DatasetManifest
    private var shard: TokenShardWriter

    init(folder: String, tokenizer: any Tokenizer, sequenceLength: Int, packing: DatasetManifest.Packing) {
        self.folder = folder
        manifest = DatasetManifest(
            tokenizerDigest: tokenizer.digest, vocabularySize: tokenizer.vocabularySize,
            sequenceLength: sequenceLength, packing: packing, counts: .init(), domains: [:], sources: [:], shards: [])
        shard = TokenShardWriter(vocabularySize: tokenizer.vocabularySize, sequenceLength: sequenceLength)
    }

    mutating func append(_ row: TokenSequence) throws {
        try shard.append(row)
        manifest.counts.add(row)
        if let domain = row.domain { manifest.domains[domain, default: .init()].add(row) }
        if shard.tokens >= Self.shardTokens { try publishShard() }
    }

    /// Writes the rest; `sources` are the tokens by source.
    consuming func finish(sources: [String: Int]) throws -> DatasetManifest {
        if shard.rows > 0 { try publishShard() }
        manifest.sources = sources
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try PublishedFile.write(
            Array(try encoder.encode(manifest)) + [0x0A], to: folder + "/" + DatasetManifest.fileName)
        return manifest
    }

    private mutating func publishShard() throws {
        let name =
            "shard-" + String(repeating: "0", count: max(0, 5 - "\(manifest.shards.count)".count))
            + "\(manifest.shards.count).tokens"
        let full = shard
        shard = TokenShardWriter(vocabularySize: manifest.vocabularySize, sequenceLength: manifest.sequenceLength)
        let rows = full.rows
        let (digest, bytes) = try full.publish(path: folder + "/" + name)
        manifest.shards.append(.init(file: name, digest: digest, sequences: rows, bytes: bytes))
    }
}
