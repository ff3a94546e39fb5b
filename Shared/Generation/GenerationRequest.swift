// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One prompt to continue.
public struct GenerationRequest: Sendable, Hashable {
    public var promptIDs: [Int32]
    public var parameters: GenerationParameters
    /// Where given, the answer is one of these id lists, found by constrained greedy decoding.
    public var choices: [[Int32]]?

    public init(
        promptIDs: [Int32], parameters: GenerationParameters = GenerationParameters(), choices: [[Int32]]? = nil
    ) {
        self.promptIDs = promptIDs
        self.parameters = parameters
        self.choices = choices
    }
}

/// Why an answer ended.
public enum FinishReason: String, Sendable, Hashable, Codable {
    /// A stop string was written.
    case stop
    /// `maxTokens` or the model's context was reached.
    case length
    /// The model wrote an end-of-sequence id.
    case endOfSequence
    /// One of the given answers is complete.
    case choice
    /// The request was cancelled.
    case cancelled
}

/// The answer to one prompt.
public struct GenerationResult: Sendable, Hashable {
    /// The new tokens; an end-of-sequence id that ended the answer is left out.
    public let ids: [Int32]
    /// The log-probability of each of them, in nats, before any sampling filter.
    public let logprobs: [Double]
    /// The text of the new tokens up to a stop string; empty without a decoder.
    public let text: String
    public let finishReason: FinishReason
    /// The index of the given answer that was chosen.
    public let choice: Int?
}
