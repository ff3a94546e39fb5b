// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a task is asked and scored. All of it is named in the result.
public struct EvaluationSettings: Codable, Sendable, Hashable {
    /// Worked examples before each question.
    public var shots: Int
    /// The name of the prompt; nil for the task's own.
    public var prompt: String?
    public var mode: AnswerMode
    public var profile: ScoringProfile
    /// Of the draws of worked examples and of the bootstrap.
    public var seed: UInt64
    /// New tokens an answer may have in mode `generate`, nil for as many as its kind needs; where that is more than a
    /// quarter of the model's context, a quarter. (The authors give 256.)
    public var maxTokens: Int?
    /// Texts that end an answer in mode `generate`.
    public var stop: [String]
    /// Resamples of the bootstrap.
    public var resamples: Int
    /// Items asked in one call; scores do not depend on it.
    public var batchSize: Int
    /// Calls under way at once; scores do not depend on it.
    public var concurrentBatches: Int

    public init(
        shots: Int = 0, prompt: String? = nil, mode: AnswerMode = .generate, profile: ScoringProfile = .strict,
        seed: UInt64 = 42, maxTokens: Int? = nil, stop: [String] = [], resamples: Int = 1000, batchSize: Int = 16,
        concurrentBatches: Int = 1
    ) {
        self.shots = shots
        self.prompt = prompt
        self.mode = mode
        self.profile = profile
        self.seed = seed
        self.maxTokens = maxTokens
        self.stop = stop
        self.resamples = resamples
        self.batchSize = batchSize
        self.concurrentBatches = concurrentBatches
    }

    func validate() throws(BenchmarkError) {
        let bounds = [
            ("shots", shots, 0, 64), ("maxTokens", maxTokens ?? 1, 1, 1 << 20), ("resamples", resamples, 0, 100_000),
            ("batchSize", batchSize, 1, 4096), ("concurrentBatches", concurrentBatches, 1, 256),
        ]
        for (name, value, low, high) in bounds where !(low...high).contains(value) {
            throw BenchmarkError(.invalidSetting, name, "is \(value)", remedy: "give \(low) to \(high)")
        }
    }
}
