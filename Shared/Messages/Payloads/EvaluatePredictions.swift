// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `evaluate.predictions`: saved outputs of any system, scored without a model.
public struct EvaluatePredictions: JobPayload, Hashable {
    public var task: String
    public var split: String?
    public var data: DataReference
    /// JSON Lines of `{"id": …, "output": …}`.
    public var predictions: DataReference
    public var profile: EvaluateTask.Profile?
    public var seed: UInt64?

    public init(
        task: String, split: String? = nil, data: DataReference, predictions: DataReference,
        profile: EvaluateTask.Profile? = nil, seed: UInt64? = nil
    ) {
        self.task = task
        self.split = split
        self.data = data
        self.predictions = predictions
        self.profile = profile
        self.seed = seed
    }

    public typealias Output = EvaluateTask.Output

    public func validate() throws(MessageError) { try Bound.notEmpty(task, "task") }
    public static var outputFields: [String] { EvaluateTask.outputFields }
    public var references: [DataReference] { [data, predictions] }
}
