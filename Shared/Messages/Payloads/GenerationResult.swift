// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One answer.
public struct GenerationResult: Codable, Sendable, Hashable {
    public enum FinishReason: String, Codable, Sendable {
        /// A stop text.
        case stop
        /// `maxTokens`, or the model's context.
        case length
        /// An end-of-sequence id.
        case endOfSequence
        /// One of the given choices is complete.
        case choice
    }

    public var text: String
    public var ids: [Int32]
    public var finishReason: FinishReason
    /// Log-probability of each id in nats, under the distribution before temperature and filters.
    public var logprobs: [Double]?

    public init(text: String, ids: [Int32], finishReason: FinishReason, logprobs: [Double]? = nil) {
        self.text = text
        self.ids = ids
        self.finishReason = finishReason
        self.logprobs = logprobs
    }
}
