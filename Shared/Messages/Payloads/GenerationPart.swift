// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A piece of an answer that is still being written, as `infer.generate` publishes it where `stream` is set.
///
/// It holds text of the answer, so it lives as results do: never in events, logs or metrics.
public struct GenerationPart: Codable, Sendable, Hashable {
    /// Which of the payload's requests it answers.
    public var index: Int
    /// How many ids of this answer came before it, in this attempt.
    public var position: Int
    /// Whole characters that follow the text so far; empty where the ids do not end one yet.
    public var text: String
    public var ids: [Int32]
    /// Of each id, in nats, as `GenerationResult.logprobs`.
    public var logprobs: [Double]?
    /// As `GenerationResult` has them, of these ids.
    public var tokens: [String]?
    public var topLogprobs: [[TokenLogprob]]?
    /// With the last part of an answer.
    public var finishReason: GenerationResult.FinishReason?

    public init(
        index: Int, position: Int, text: String, ids: [Int32], logprobs: [Double]? = nil,
        tokens: [String]? = nil, topLogprobs: [[TokenLogprob]]? = nil,
        finishReason: GenerationResult.FinishReason? = nil
    ) {
        self.index = index
        self.position = position
        self.text = text
        self.ids = ids
        self.logprobs = logprobs
        self.tokens = tokens
        self.topLogprobs = topLogprobs
        self.finishReason = finishReason
    }
}
