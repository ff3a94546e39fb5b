// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `evaluate.forgetting`: the same items asked of a model before and after a stage.
public struct EvaluateForgetting: JobPayload, Hashable {
    public struct Model: Codable, Sendable, Hashable {
        public var model: ModelReference
        public var adapter: DataReference?
        public init(model: ModelReference, adapter: DataReference? = nil) {
            self.model = model
            self.adapter = adapter
        }
    }

    public struct Task: Codable, Sendable, Hashable {
        public var task: String
        public var split: String?
        public var data: DataReference
        public var shots: Int?
        public var shotsData: DataReference?
        public var shotsRecords: String?
        public var prompt: String?
        public var mode: EvaluateTask.Mode?
        public var profile: EvaluateTask.Profile?
        public var limit: Int?
        public var records: String?
        public var seed: UInt64?
    }

    public var before: Model
    public var after: Model
    public var tasks: [Task]

    public init(before: Model, after: Model, tasks: [Task]) {
        self.before = before
        self.after = after
        self.tasks = tasks
    }

    public struct Difference: Codable, Sendable, Hashable {
        public var task: String
        public var metric: String
        public var before: Double
        public var after: Double
        /// after − before, paired by item, with its 95 % interval.
        public var difference: MetricValue
        public var items: Int
        public init(
            task: String, metric: String, before: Double, after: Double, difference: MetricValue, items: Int
        ) {
            self.task = task
            self.metric = metric
            self.before = before
            self.after = after
            self.difference = difference
            self.items = items
        }
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case differences }
        public var differences: [Difference]
        public init(differences: [Difference]) { self.differences = differences }
    }

    public func validate() throws(MessageError) { try Bound.notEmpty(tasks, "tasks") }
    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] {
        before.model.references + after.model.references + [before.adapter, after.adapter].compactMap { $0 }
            + tasks.flatMap { [$0.data] + [$0.shotsData].compactMap { $0 } }
    }
}
