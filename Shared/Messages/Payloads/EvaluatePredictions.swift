// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `evaluate.predictions`: saved outputs of any system, scored without a model.
public struct EvaluatePredictions: JobPayload, Hashable {
    public var task: String
    public var split: String?
    public var data: DataReference
    /// JSON Lines of `{"id": …, "output": …}`.
    public var predictions: DataReference
    public var profile: EvaluateTask.Profile?
    /// At most so many items.
    public var limit: Int?
    /// Which records of the data to score, counted from 0, such as `400..<500`. Default all.
    public var records: String?
    public var seed: UInt64?
    /// Gives summaries their BERTScore; without it they have none. Passed over for other tasks.
    public var encoder: SummaryEncoder?

    public init(
        task: String, split: String? = nil, data: DataReference, predictions: DataReference,
        profile: EvaluateTask.Profile? = nil, limit: Int? = nil, records: String? = nil, seed: UInt64? = nil,
        encoder: SummaryEncoder? = nil
    ) {
        self.task = task
        self.split = split
        self.data = data
        self.predictions = predictions
        self.profile = profile
        self.limit = limit
        self.records = records
        self.seed = seed
        self.encoder = encoder
    }

    public typealias Output = EvaluateTask.Output

    public func validate() throws(MessageError) {
        try Bound.notEmpty(task, "task")
        try Bound.range(limit, 1...Int.max, "limit")
        if let records { try RecordRange.check(records, "records") }
        try encoder?.validate("encoder")
    }

    public static var outputFields: [String] { EvaluateTask.outputFields }
    public var references: [DataReference] { [data, predictions] + [encoder?.model].compactMap { $0 } }
}
