// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One prompt to continue, and how.
public struct GenerationRequest: Codable, Sendable, Hashable {
    /// Exactly one of `prompt`, `promptIDs` and `messages` is given.
    public var prompt: String?
    public var promptIDs: [Int32]?
    public var messages: [ChatMessage]?
    public var maxTokens: Int?
    /// 0 is greedy, the default.
    public var temperature: Double?
    public var topK: Int?
    public var topP: Double?
    public var minP: Double?
    public var repetitionPenalty: Double?
    public var seed: UInt64?
    /// Texts that end the answer; they are not part of it.
    public var stop: [String]?
    public var ignoreEndOfSequence: Bool?
    /// The answer must be one of these.
    public var choices: [String]?

    public init(
        prompt: String? = nil, promptIDs: [Int32]? = nil, messages: [ChatMessage]? = nil, maxTokens: Int? = nil,
        temperature: Double? = nil, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil,
        repetitionPenalty: Double? = nil, seed: UInt64? = nil, stop: [String]? = nil,
        ignoreEndOfSequence: Bool? = nil, choices: [String]? = nil
    ) {
        self.prompt = prompt
        self.promptIDs = promptIDs
        self.messages = messages
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
        self.stop = stop
        self.ignoreEndOfSequence = ignoreEndOfSequence
        self.choices = choices
    }

    func validate(_ path: String) throws(MessageError) {
        let given = (prompt == nil ? 0 : 1) + (promptIDs == nil ? 0 : 1) + (messages == nil ? 0 : 1)
        try Bound.require(given == 1, path, "give exactly one of \"prompt\", \"promptIDs\" and \"messages\"")
        try Bound.range(maxTokens, 1...1_048_576, "\(path).maxTokens")
        try Bound.range(temperature, 0...100, "\(path).temperature")
        try Bound.range(topK, 0...Int.max, "\(path).topK")
        try Bound.range(topP, 0...1, "\(path).topP")
        try Bound.range(minP, 0...1, "\(path).minP")
        try Bound.range(repetitionPenalty, 0.01...100, "\(path).repetitionPenalty")
        if let choices {
            try Bound.notEmpty(choices, "\(path).choices")
            try Bound.require(!choices.contains(""), "\(path).choices", "a choice is empty")
        }
        if let stop { try Bound.require(!stop.contains(""), "\(path).stop", "a stop text is empty") }
    }
}
