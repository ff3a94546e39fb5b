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
    /// The text of each id, where the request asked for `logprobs`.
    public var tokens: [String]?
    /// The likeliest tokens at each place, likeliest first, where the request asked for `logprobs`.
    public var topLogprobs: [[TokenLogprob]]?
    /// Where the request asked for it.
    public var promptLogprobs: PromptLogprobs?
    /// Tokens of the prompt, a begin-of-sequence id among them where one was added.
    public var promptTokens: Int?
    /// The chat template that wrote the request's messages.
    public var chatTemplate: String?

    public init(
        text: String, ids: [Int32], finishReason: FinishReason, logprobs: [Double]? = nil, tokens: [String]? = nil,
        topLogprobs: [[TokenLogprob]]? = nil, promptLogprobs: PromptLogprobs? = nil, promptTokens: Int? = nil,
        chatTemplate: String? = nil
    ) {
        self.text = text
        self.ids = ids
        self.finishReason = finishReason
        self.logprobs = logprobs
        self.tokens = tokens
        self.topLogprobs = topLogprobs
        self.promptLogprobs = promptLogprobs
        self.promptTokens = promptTokens
        self.chatTemplate = chatTemplate
    }
}
