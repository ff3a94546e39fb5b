// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `tokenize.corpus`: documents of three domains to packed token shards in a stated proportion.
public struct TokenizeCorpus: JobPayload, Hashable {
    public var tokenizer: DataReference
    public var sources: [CorpusSource]
    /// Shares of the tokens by domain; the paper's is 15 : 1 : 4 (Me LLaMA, Methods).
    public var mix: DomainMix?
    /// Tokens to make; nil takes each document once, as many as the mix allows.
    public var tokens: Int?
    public var sequenceLength: Int
    public var seed: UInt64?
    /// The share of each domain's documents kept out of training, to measure perplexity on. Default 0.
    public var holdout: Double?
    /// Whether a document that stands twice is taken once. Default true.
    public var deduplicate: Bool?
    /// Benchmarks whose test items must not be in the training text.
    public var decontaminate: [BenchmarkData]?

    public init(
        tokenizer: DataReference, sources: [CorpusSource], mix: DomainMix? = nil, tokens: Int? = nil,
        sequenceLength: Int, seed: UInt64? = nil, holdout: Double? = nil, deduplicate: Bool? = nil,
        decontaminate: [BenchmarkData]? = nil
    ) {
        self.tokenizer = tokenizer
        self.sources = sources
        self.mix = mix
        self.tokens = tokens
        self.sequenceLength = sequenceLength
        self.seed = seed
        self.holdout = holdout
        self.deduplicate = deduplicate
        self.decontaminate = decontaminate
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case dataset, heldOut, tokens, dropped, repeated }
        public var dataset: DataReference
        /// Held-out text by domain; domains without any are missing.
        public var heldOut: [String: DataReference]
        public var tokens: TokenCounts
        public var dropped: [DroppedCount]
        /// How often each domain's documents were taken to fill its share, by domain (1 = once).
        public var repeated: [String: Double]

        public init(
            dataset: DataReference, heldOut: [String: DataReference], tokens: TokenCounts, dropped: [DroppedCount],
            repeated: [String: Double]
        ) {
            self.dataset = dataset
            self.heldOut = heldOut
            self.tokens = tokens
            self.dropped = dropped
            self.repeated = repeated
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(sources, "sources")
        try Bound.range(sequenceLength, 8...1_048_576, "sequenceLength")
        try Bound.range(tokens, 1...Int.max, "tokens")
        try Bound.range(holdout, 0...0.5, "holdout")
        try mix?.validate("mix")
        for (index, source) in sources.enumerated() { try source.validate("sources[\(index)]") }
        for (index, benchmark) in (decontaminate ?? []).enumerated() {
            if let records = benchmark.records { try RecordRange.check(records, "decontaminate[\(index)].records") }
        }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] {
        [tokenizer] + sources.map(\.path) + (decontaminate ?? []).compactMap(\.data)
    }
}
