// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `dataset.json`: what a folder of token shards holds and how it was made.
public struct DatasetManifest: Codable, Sendable, Equatable {
    /// The name of the file inside the folder.
    public static let fileName = "dataset.json"
    static let format = "mellama-token-dataset"
    static let version = 1

    /// How rows are filled.
    public enum Packing: String, Codable, Sendable {
        /// Documents follow each other across rows; every row but the last of a domain is full.
        case documents
        /// Whole samples share a row; segments keep them apart.
        case isolated
        /// One sample (or one piece of a held-out document) a row.
        case none
    }

    /// One shard file.
    public struct Shard: Codable, Sendable, Equatable {
        /// The file's name inside the folder.
        public var file: String
        /// `sha256:…` of the file.
        public var digest: String
        /// Rows in the file.
        public var sequences: Int
        /// The file's size.
        public var bytes: Int
    }

    /// What rows, documents or samples of one kind add up to.
    public struct Counts: Codable, Sendable, Equatable {
        /// Rows.
        public var sequences = 0
        /// Tokens, special ones included.
        public var tokens = 0
        /// Tokens that are predicted in training.
        public var trainedTokens = 0
        /// UTF-8 bytes of text.
        public var textBytes = 0

        mutating func add(_ row: TokenSequence) {
            sequences += 1
            tokens += row.ids.count
            trainedTokens += row.trainedTokens
            textBytes += row.textBytes
        }
    }

    var format = DatasetManifest.format
    var version = DatasetManifest.version
    /// `sha256:…` of the tokenizer's file.
    public var tokenizerDigest: String
    /// Ids are below this.
    public var vocabularySize: Int
    /// No row is longer than this.
    public var sequenceLength: Int
    /// How rows are filled.
    public var packing: Packing
    /// Of all rows.
    public var counts: Counts
    /// Of the rows of each domain.
    public var domains: [CorpusDomain: Counts]
    /// Tokens by the name of their source, repetitions included.
    public var sources: [String: Int]
    /// The files, in order.
    public var shards: [Shard]
}
