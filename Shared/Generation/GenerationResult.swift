// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why an answer ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
    /// A stop string was written.
    case stop
    /// `maxTokens` or the model's context was reached.
    case length
    /// The model wrote an end-of-sequence id, or could write nothing else.
    case endOfSequence
    /// One of the given answers is complete.
    case choice
    /// The request was cancelled.
    case cancelled
}

/// A token that might have been written at one place.
public struct RankedToken: Sendable, Hashable {
    public let id: Int32
    /// In nats, before any sampling filter.
    public let logprob: Double
}

/// What one step added to an answer.
public struct AnswerPart: Sendable, Hashable {
    /// Whole characters that are definitely part of the answer; empty while they are held back.
    public var text: String
    /// The token taken, and its log-probability; nil for the end of the text after the last token.
    public var id: Int32?
    public var logprob: Double?
    /// The likeliest tokens at this place, as many as the request asked for.
    public var topLogprobs: [RankedToken]
}

/// The answer to one prompt.
public struct GenerationResult: Sendable, Hashable {
    /// The new tokens; an end-of-sequence id that ended the answer is left out.
    public var ids: [Int32] = []
    /// The log-probability of each of them, in nats, before any sampling filter.
    public var logprobs: [Double] = []
    /// The likeliest tokens at each place, likeliest first; empty unless asked for.
    public var topLogprobs: [[RankedToken]] = []
    /// The text of the new tokens up to a stop string; empty without a decoder.
    public var text = ""
    public var finishReason: FinishReason
    /// The index of the given answer that was chosen.
    public var choice: Int?
    /// The log-probability of each token of the prompt given all before it, nil for the first; empty unless asked for.
    public var promptLogprobs: [Double?] = []
    /// The likeliest tokens at each place of the prompt, none for the first; empty unless asked for.
    public var promptTopLogprobs: [[RankedToken]] = []

    public init(finishReason: FinishReason) { self.finishReason = finishReason }
}
