// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One prompt to continue.
public struct GenerationRequest: Sendable {
    public var promptIDs: [Int32]
    public var parameters: GenerationParameters
    /// Where given, the answer is one of these id lists, found by constrained greedy decoding.
    public var choices: [[Int32]]?
    /// Where given, the answer is JSON of this form.
    public var grammar: TokenGrammar?
    /// Ids that end the answer beside the model's own, such as the end of a turn of a conversation.
    public var endIDs: Set<Int32>
    /// How many of the likeliest tokens are told at each place.
    public var topLogprobs: Int
    /// Whether the prompt's own log-probabilities are told; `maxTokens` may then be 0.
    public var wantsPromptLogprobs: Bool

    public init(
        promptIDs: [Int32], parameters: GenerationParameters = GenerationParameters(), choices: [[Int32]]? = nil,
        grammar: TokenGrammar? = nil, endIDs: Set<Int32> = [], topLogprobs: Int = 0, wantsPromptLogprobs: Bool = false
    ) {
        self.promptIDs = promptIDs
        self.parameters = parameters
        self.choices = choices
        self.grammar = grammar
        self.endIDs = endIDs
        self.topLogprobs = topLogprobs
        self.wantsPromptLogprobs = wantsPromptLogprobs
    }

    /// New tokens at most, in a context of so many.
    func mostNewTokens(contextLength: Int) -> Int {
        let wanted = choices.map { $0.map(\.count).max() ?? 0 } ?? parameters.maxTokens
        return min(wanted, contextLength)
    }
}
