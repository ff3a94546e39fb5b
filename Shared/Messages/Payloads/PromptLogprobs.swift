// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How likely the model finds the prompt itself: lists of one entry a token.
public struct PromptLogprobs: Codable, Sendable, Hashable {
    /// The prompt's tokens, a begin-of-sequence id among them where one was added.
    public var ids: [Int32]
    /// Their texts; absent for a model without a tokenizer.
    public var tokens: [String]?
    /// Log-probability of each given all before it; null for the first.
    public var logprobs: [Double?]
    /// The likeliest tokens at each place, where `logprobs` asked for some; empty for the first.
    public var topLogprobs: [[TokenLogprob]]?

    public init(
        ids: [Int32], tokens: [String]? = nil, logprobs: [Double?], topLogprobs: [[TokenLogprob]]? = nil
    ) {
        self.ids = ids
        self.tokens = tokens
        self.logprobs = logprobs
        self.topLogprobs = topLogprobs
    }
}
