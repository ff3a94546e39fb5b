// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One prompt to continue, and how.
public struct GenerationRequest: Codable, Sendable, Hashable {
    /// Exactly one of `prompt`, `promptIDs` and `messages` is given.
    public var prompt: String?
    public var promptIDs: [Int32]?
    public var messages: [ChatMessage]?
    /// How `messages` are written for the model; default: as its tokenizer_config.json says.
    public var chatTemplate: String?
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
    /// By token id, written as a decimal number: what is added to its logit before anything else, -100 to 100.
    public var logitBias: [String: Double]?
    /// The answer must be one of these.
    public var choices: [String]?
    /// The form the answer must have.
    public var responseFormat: ResponseFormat?
    /// How many of the likeliest tokens to tell at each place, and with them the text of each token.
    public var logprobs: Int?
    /// Whether to tell how likely the prompt's own tokens are; `maxTokens` may then be 0.
    public var promptLogprobs: Bool?

    public init(
        prompt: String? = nil, promptIDs: [Int32]? = nil, messages: [ChatMessage]? = nil, maxTokens: Int? = nil,
        temperature: Double? = nil, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil,
        repetitionPenalty: Double? = nil, seed: UInt64? = nil, stop: [String]? = nil,
        ignoreEndOfSequence: Bool? = nil, choices: [String]? = nil, responseFormat: ResponseFormat? = nil,
        logprobs: Int? = nil, promptLogprobs: Bool? = nil, chatTemplate: String? = nil,
        logitBias: [String: Double]? = nil
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
        self.responseFormat = responseFormat
        self.logprobs = logprobs
        self.promptLogprobs = promptLogprobs
        self.chatTemplate = chatTemplate
        self.logitBias = logitBias
    }

    func validate(_ path: String) throws(MessageError) {
        let given = (prompt == nil ? 0 : 1) + (promptIDs == nil ? 0 : 1) + (messages == nil ? 0 : 1)
        try Bound.require(given == 1, path, "give exactly one of \"prompt\", \"promptIDs\" and \"messages\"")
        try Bound.require(
            chatTemplate == nil || messages != nil, "\(path).chatTemplate", "goes with \"messages\", and only them")
        try Bound.range(maxTokens, (promptLogprobs == true ? 0 : 1)...1_048_576, "\(path).maxTokens")
        try Bound.range(temperature, 0...100, "\(path).temperature")
        try Bound.range(topK, 0...Int.max, "\(path).topK")
        try Bound.range(topP, 0...1, "\(path).topP")
        try Bound.range(minP, 0...1, "\(path).minP")
        try Bound.range(repetitionPenalty, 0.01...100, "\(path).repetitionPenalty")
        try Bound.range(logprobs, 0...Self.mostLogprobs, "\(path).logprobs")
        try Self.validate(choices: choices, path)
        if let responseFormat {
            try Bound.require(choices == nil, "\(path).choices", "give either \"choices\" or \"responseFormat\"")
            try responseFormat.validate("\(path).responseFormat")
        }
        try validateLogitBias("\(path).logitBias")
        if let stop {
            try Bound.range(stop.count, 0...64, "\(path).stop")
            try Bound.require(!stop.contains(""), "\(path).stop", "a stop text is empty")
        }
    }

    private func validateLogitBias(_ path: String) throws(MessageError) {
        guard let logitBias else { return }
        try Bound.range(logitBias.count, 0...Self.mostBiases, path)
        let hasChoices = choices != nil || responseFormat?.type == .choice
        try Bound.require(!hasChoices, path, "can't be combined with choices")
        for (id, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            let isID = Int32(id).map { $0 >= 0 && String($0) == id } ?? false
            try Bound.require(isID, path, "a key is no token id, such as \"1701\"")
            try Bound.range(bias, -100...100, "\(path)[\(id)]")
        }
    }

    static func validate(choices: [String]?, _ path: String) throws(MessageError) {
        guard let choices else { return }
        try Bound.notEmpty(choices, "\(path).choices")
        try Bound.require(!choices.contains(""), "\(path).choices", "a choice is empty")
    }

    /// The most tokens with a bias of one request.
    public static let mostBiases = 1024
    /// The most alternatives told at one place.
    public static let mostLogprobs = 20
}
