// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `evaluate.task`: one benchmark, one model, one setting.
public struct EvaluateTask: JobPayload, Hashable {
    public enum Mode: String, Codable, Sendable { case generate, loglikelihood, constrained }
    public enum Profile: String, Codable, Sendable { case strict, published }

    public var model: ModelReference
    public var adapter: DataReference?
    /// `pubmedqa`, `medqa`, `medmcqa`, `mmlu`, …
    public var task: String
    public var split: String?
    /// A file or folder in the publisher's layout.
    public var data: DataReference
    /// Worked examples before each question. Default 0.
    public var shots: Int?
    /// Where the examples come from.
    public var shotsData: DataReference?
    /// Which records of `shotsData` may be examples, counted from 0, such as `0..<400`. Default all.
    public var shotsRecords: String?
    /// The version of the prompt; default the task's own.
    public var prompt: String?
    public var mode: Mode?
    /// New tokens that an answer may have in mode `generate`; default what its kind of answer needs.
    public var maxTokens: Int?
    public var profile: Profile?
    /// At most so many items.
    public var limit: Int?
    /// Which records of the file to take, counted from 0, such as `400..<500`. Default all.
    public var records: String?
    public var seed: UInt64?
    /// Gives summaries their BERTScore; without it they have none. Passed over for other tasks.
    public var encoder: SummaryEncoder?

    public init(
        model: ModelReference, adapter: DataReference? = nil, task: String, split: String? = nil,
        data: DataReference, shots: Int? = nil, shotsData: DataReference? = nil, shotsRecords: String? = nil,
        prompt: String? = nil, mode: Mode? = nil, maxTokens: Int? = nil, profile: Profile? = nil, limit: Int? = nil,
        records: String? = nil, seed: UInt64? = nil, encoder: SummaryEncoder? = nil
    ) {
        self.model = model
        self.adapter = adapter
        self.task = task
        self.split = split
        self.data = data
        self.shots = shots
        self.shotsData = shotsData
        self.shotsRecords = shotsRecords
        self.prompt = prompt
        self.mode = mode
        self.maxTokens = maxTokens
        self.profile = profile
        self.limit = limit
        self.records = records
        self.seed = seed
        self.encoder = encoder
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case subject, metrics, parseRate, truncated, unfit, items, rows, result
        }
        /// Which model answered, and with which adapter; empty for saved predictions.
        public var subject: String
        /// By name, as fractions.
        public var metrics: [String: MetricValue]
        /// The share of answers that the parser could read.
        public var parseRate: Double
        /// Items whose prompt was cut to fit the context.
        public var truncated: Int
        /// Items that do not fit the context even when cut.
        public var unfit: Int
        public var items: Int
        /// JSON Lines, a row an item.
        public var rows: DataReference
        /// Everything a report needs.
        public var result: JSONValue

        public init(
            subject: String, metrics: [String: MetricValue], parseRate: Double, truncated: Int, unfit: Int, items: Int,
            rows: DataReference, result: JSONValue
        ) {
            self.subject = subject
            self.metrics = metrics
            self.parseRate = parseRate
            self.truncated = truncated
            self.unfit = unfit
            self.items = items
            self.rows = rows
            self.result = result
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(task, "task")
        try Bound.range(shots, 0...64, "shots")
        try Bound.range(maxTokens, 1...65_536, "maxTokens")
        try Bound.range(limit, 1...Int.max, "limit")
        if let records { try RecordRange.check(records, "records") }
        if let shotsRecords { try RecordRange.check(shotsRecords, "shotsRecords") }
        try encoder?.validate("encoder")
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] {
        model.references + [adapter, data, shotsData, encoder?.model].compactMap { $0 }
    }
}
