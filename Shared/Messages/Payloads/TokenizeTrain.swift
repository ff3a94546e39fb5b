// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `tokenize.train`: a new vocabulary from text.
public struct TokenizeTrain: JobPayload, Hashable {
    public enum Algorithm: String, Codable, Sendable { case bpe }

    /// Files, or patterns with `*`: `.jsonl` is read by its `text` field, anything else as text.
    public var sources: [DataReference]
    /// Pieces in all, the 3 control pieces and (with `byteFallback`) the 256 bytes among them.
    public var vocabularySize: Int
    public var algorithm: Algorithm?
    /// Whether a character outside the vocabulary is written as its bytes. Default true.
    public var byteFallback: Bool?

    public init(
        sources: [DataReference], vocabularySize: Int, algorithm: Algorithm? = nil, byteFallback: Bool? = nil
    ) {
        self.sources = sources
        self.vocabularySize = vocabularySize
        self.algorithm = algorithm
        self.byteFallback = byteFallback
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case tokenizer, vocabularySize }
        public var tokenizer: DataReference
        public var vocabularySize: Int
        public init(tokenizer: DataReference, vocabularySize: Int) {
            self.tokenizer = tokenizer
            self.vocabularySize = vocabularySize
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(sources, "sources")
        try Bound.range(vocabularySize, 260...1_000_000, "vocabularySize")
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { sources }
}
