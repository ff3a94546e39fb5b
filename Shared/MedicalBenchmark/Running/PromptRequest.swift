// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A prompt to be continued greedily.
public struct PromptRequest: Sendable, Hashable {
    public var prompt: String
    /// At most so many new tokens.
    public var maxTokens: Int
    /// Texts that end the answer.
    public var stop: [String]
    /// The continuation must be one of these, each with its leading space; nil for free text.
    public var choices: [String]?

    public init(prompt: String, maxTokens: Int, stop: [String] = [], choices: [String]? = nil) {
        self.prompt = prompt
        self.maxTokens = maxTokens
        self.stop = stop
        self.choices = choices
    }
}
