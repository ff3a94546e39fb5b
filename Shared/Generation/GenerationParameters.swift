// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How one request is decoded; the names are those of a request of `infer.generate`.
public struct GenerationParameters: Sendable, Hashable, Codable {
    /// New tokens at most.
    public var maxTokens: Int
    /// 0 is greedy; above, logits are divided by it.
    public var temperature: Double
    /// Only the k likeliest tokens; 0 for all.
    public var topK: Int
    /// The smallest set of likeliest tokens whose mass reaches this share; 1 for all, 0 for the likeliest alone.
    public var topP: Double
    /// Only tokens at least this share as likely as the likeliest; 0 for all.
    public var minP: Double
    /// Divides positive logits, and multiplies negative ones, of tokens that occurred; 1 for none.
    public var repetitionPenalty: Double
    public var seed: UInt64
    /// Strings that end the answer; they are not part of it.
    public var stop: [String]
    /// Whether an end-of-sequence id is a token like any other.
    public var ignoreEndOfSequence: Bool
    /// By token id, what is added to its logit before anything else; log-probabilities stay the model's own.
    public var logitBias: [Int32: Float]?

    public init(
        maxTokens: Int = 128, temperature: Double = 0, topK: Int = 0, topP: Double = 1, minP: Double = 0,
        repetitionPenalty: Double = 1, seed: UInt64 = 0, stop: [String] = [], ignoreEndOfSequence: Bool = false,
        logitBias: [Int32: Float]? = nil
    ) {
        self.maxTokens = maxTokens
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.repetitionPenalty = repetitionPenalty
        self.seed = seed
        self.stop = stop
        self.ignoreEndOfSequence = ignoreEndOfSequence
        self.logitBias = logitBias
    }

    /// Throws an error that names the first parameter out of bounds and its bound.
    public func validate(allowsNoTokens: Bool = false) throws {
        try require("maxTokens", maxTokens, "at least 1") { $0 >= (allowsNoTokens ? 0 : 1) }
        try require("temperature", temperature, "from 0 to 100") { $0 >= 0 && $0 <= 100 }
        try require("topK", topK, "at least 0 (0 keeps all)") { $0 >= 0 }
        try require("topP", topP, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        try require("minP", minP, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
        try require("repetitionPenalty", repetitionPenalty, "above 0 and at most 100") { $0 > 0 && $0 <= 100 }
        for bias in (logitBias ?? [:]).values {
            try require("logitBias", bias, "from -100 to 100") { $0 >= -100 && $0 <= 100 }
        }
        guard stop.allSatisfy({ !$0.isEmpty }), stop.count <= 64 else {
            throw GenerationError(
                .invalidParameters, "stop", "holds an empty string or more than 64",
                remedy: "give up to 64 strings of at least one character")
        }
    }

    private func require<Value>(_ field: String, _ value: Value, _ bound: String, _ holds: (Value) -> Bool) throws {
        guard holds(value) else {
            throw GenerationError(
                .invalidParameters, field, "is \(value), out of bounds", remedy: "give a value \(bound)")
        }
    }
}
