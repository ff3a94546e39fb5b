// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `tokenize.instructions`: instruction samples to sequences whose prompts are no targets.
public struct TokenizeInstructions: JobPayload, Hashable {
    public struct Source: Codable, Sendable, Hashable {
        public var name: String
        /// A publisher's layout such as `alpaca`; or a task of the benchmark such as `hoc`, whose records are written as
        /// its evaluation asks them. docs/recipes/README.md lists them.
        public var format: String
        public var path: DataReference
        /// The name of a Table A1 prompt, such as `WikiDocPatient`, or of a task's prompt, such as `table-a2/1`; default:
        /// the layout's or the task's own.
        public var template: String?
        /// Of a task whose `path` is a folder; default what its worked examples come from, mostly `train`.
        public var split: String?
        /// Which samples to take, counted from 0, such as `0..<400`. Default all.
        public var records: String?
        /// At most so many samples.
        public var limit: Int?

        public init(
            name: String, format: String, path: DataReference, template: String? = nil, split: String? = nil,
            records: String? = nil, limit: Int? = nil
        ) {
            self.name = name
            self.format = format
            self.path = path
            self.template = template
            self.split = split
            self.records = records
            self.limit = limit
        }
    }

    public var tokenizer: DataReference
    public var sources: [Source]
    public var sequenceLength: Int
    /// Whether several samples share a sequence, isolated from each other. Default true.
    public var packing: Bool?
    public var seed: UInt64?

    public init(
        tokenizer: DataReference, sources: [Source], sequenceLength: Int, packing: Bool? = nil, seed: UInt64? = nil
    ) {
        self.tokenizer = tokenizer
        self.sources = sources
        self.sequenceLength = sequenceLength
        self.packing = packing
        self.seed = seed
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case dataset, samples, tokens, truncated, dropped }
        public var dataset: DataReference
        /// Samples by source.
        public var samples: [String: Int]
        /// Tokens by source.
        public var tokens: [String: Int]
        /// Samples whose context was cut to fit.
        public var truncated: Int
        public var dropped: [DroppedCount]

        public init(
            dataset: DataReference, samples: [String: Int], tokens: [String: Int], truncated: Int,
            dropped: [DroppedCount]
        ) {
            self.dataset = dataset
            self.samples = samples
            self.tokens = tokens
            self.truncated = truncated
            self.dropped = dropped
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(sources, "sources")
        try Bound.range(sequenceLength, 8...1_048_576, "sequenceLength")
        for (index, source) in sources.enumerated() {
            try Bound.notEmpty(source.name, "sources[\(index)].name")
            try Bound.range(source.limit, 1...Int.max, "sources[\(index)].limit")
            if let records = source.records { try RecordRange.check(records, "sources[\(index)].records") }
        }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { [tokenizer] + sources.map(\.path) }
}
