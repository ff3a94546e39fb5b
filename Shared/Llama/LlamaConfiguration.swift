// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The dimensions and constants of a Llama model, as config.json gives them.
///
/// Every value is checked when it is made, so that code below needs no checks: extents are positive and bounded, heads
/// divide, and only what this engine computes exactly is accepted.
public struct LlamaConfiguration: Sendable, Equatable {
    /// Rows of the embedding: ids are below this.
    public let vocabularySize: Int
    /// Width of the residual stream.
    public let hiddenSize: Int
    /// Width of the gated feed-forward layer.
    public let intermediateSize: Int
    /// Transformer blocks.
    public let layerCount: Int
    /// Query heads.
    public let headCount: Int
    /// Key and value heads; query head h uses key head h / (headCount / keyValueHeadCount).
    public let keyValueHeadCount: Int
    /// Width of one head; even.
    public let headDimension: Int
    /// The longest sequence the model was made for.
    public let maxPositions: Int
    /// Added to the mean square in RMSNorm.
    public let rmsNormEpsilon: Float
    /// Base of the rotary frequencies.
    public let ropeTheta: Double
    /// Stretching of the rotary frequencies.
    public let ropeScaling: RopeScaling
    /// How many positions a token sees, itself among them; nil sees all before it (Mistral's `sliding_window`).
    public let slidingWindow: Int?
    /// Whether the output projection is the embedding itself.
    public let tieWordEmbeddings: Bool
    /// Begin-of-sequence id, if the file names one.
    public let beginOfSequenceID: Int?
    /// End-of-sequence ids; files give none, one or several.
    public let endOfSequenceIDs: [Int]
    /// Padding id, if the file names one.
    public let paddingID: Int?
    /// Standard deviation of random initial weights.
    public let initializerRange: Double

    /// A checked configuration. Throws `invalidConfiguration` naming the field of config.json and its bounds.
    public init(
        vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        keyValueHeadCount: Int? = nil, headDimension: Int? = nil, maxPositions: Int = 2048,
        rmsNormEpsilon: Double = 1e-6, ropeTheta: Double = 10000, ropeScaling: RopeScaling = .none,
        slidingWindow: Int? = nil, tieWordEmbeddings: Bool = false, beginOfSequenceID: Int? = nil,
        endOfSequenceIDs: [Int] = [],
        paddingID: Int? = nil, initializerRange: Double = 0.02
    ) throws(LlamaError) {
        func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) throws(LlamaError) {
            guard range.contains(value) else {
                throw Self.invalid("\(field) is \(value), outside \(range.lowerBound)...\(range.upperBound)")
            }
        }
        try check("vocab_size", vocabularySize, 1...1 << 22)
        try check("hidden_size", hiddenSize, 1...1 << 16)
        try check("intermediate_size", intermediateSize, 1...1 << 18)
        try check("num_hidden_layers", layerCount, 1...1024)
        try check("num_attention_heads", headCount, 1...1024)
        try check("max_position_embeddings", maxPositions, 1...1 << 27)
        let keyValueHeads = keyValueHeadCount ?? headCount
        try check("num_key_value_heads", keyValueHeads, 1...headCount)
        guard headCount % keyValueHeads == 0 else {
            throw Self.invalid(
                "num_attention_heads \(headCount) is no multiple of num_key_value_heads \(keyValueHeads)")
        }
        if headDimension == nil, hiddenSize % headCount != 0 {
            throw Self.invalid(
                "hidden_size \(hiddenSize) is no multiple of num_attention_heads \(headCount) and head_dim is missing")
        }
        let dimension = headDimension ?? hiddenSize / headCount
        try check("head_dim", dimension, 2...1024)
        guard dimension % 2 == 0 else { throw Self.invalid("head_dim \(dimension) is odd; rotary pairs need an even") }
        guard rmsNormEpsilon > 0, rmsNormEpsilon < 1 else {
            throw Self.invalid("rms_norm_eps is \(rmsNormEpsilon), outside (0, 1)")
        }
        guard ropeTheta >= 1, ropeTheta <= 1e12 else {
            throw Self.invalid("rope_theta is \(ropeTheta), outside 1...1e12")
        }
        guard initializerRange > 0, initializerRange <= 10 else {
            throw Self.invalid("initializer_range is \(initializerRange), outside (0, 10]")
        }
        try Self.check(ropeScaling)
        if let slidingWindow { try check("sliding_window", slidingWindow, 1...1 << 27) }
        if case .dynamic = ropeScaling, dimension < 4 {
            throw Self.invalid("head_dim \(dimension) is too small for rope_type dynamic")
        }
        for (field, ids) in [
            ("bos_token_id", beginOfSequenceID.map { [$0] } ?? []), ("eos_token_id", endOfSequenceIDs),
        ] where ids.contains(where: { $0 < -1 || $0 >= 1 << 31 }) {
            throw Self.invalid("\(field) \(ids) is no token id")
        }
        self.vocabularySize = vocabularySize
        self.hiddenSize = hiddenSize
        self.intermediateSize = intermediateSize
        self.layerCount = layerCount
        self.headCount = headCount
        self.keyValueHeadCount = keyValueHeads
        self.headDimension = dimension
        self.maxPositions = maxPositions
        self.rmsNormEpsilon = Float(rmsNormEpsilon)
        self.ropeTheta = ropeTheta
        self.ropeScaling = ropeScaling
        self.slidingWindow = slidingWindow
        self.tieWordEmbeddings = tieWordEmbeddings
        self.beginOfSequenceID = beginOfSequenceID
        self.endOfSequenceIDs = endOfSequenceIDs
        self.paddingID = paddingID
        self.initializerRange = initializerRange
    }

    /// The longest sequence that is computed as a whole: `maxPositions`, stretched where the rotary frequencies follow
    /// the length. Sequences in caches end at `maxPositions`.
    public var longestSequence: Int {
        guard case .dynamic(let factor) = ropeScaling else { return maxPositions }
        return Int(Double(maxPositions) * factor)
    }

    /// Width of all query heads together.
    public var queryWidth: Int { headCount * headDimension }
    /// Width of all key heads together, and of all value heads.
    public var keyValueWidth: Int { keyValueHeadCount * headDimension }
    /// Query heads that share one key head.
    public var groupSize: Int { headCount / keyValueHeadCount }

    /// All weights of the model, a tied head counted once.
    public var parameterCount: Int {
        let attention = hiddenSize * (2 * queryWidth + 2 * keyValueWidth)
        let block = attention + 3 * hiddenSize * intermediateSize + 2 * hiddenSize
        return layerCount * block + vocabularySize * hiddenSize * (tieWordEmbeddings ? 1 : 2) + hiddenSize
    }

    private static func check(_ scaling: RopeScaling) throws(LlamaError) {
        if let factor = scaling.factor {
            guard factor >= 1, factor <= 1e6 else { throw invalid("rope factor is \(factor), outside 1...1e6") }
        }
        guard case .llama3(_, let low, let high, let original) = scaling else { return }
        guard low > 0, high > low, high <= 1e6 else {
            throw invalid("rope low_freq_factor \(low) and high_freq_factor \(high) must satisfy 0 < low < high")
        }
        guard original >= 1, original <= 1 << 27 else {
            throw invalid("rope original_max_position_embeddings is \(original), outside 1...2^27")
        }
    }

    static func invalid(_ what: String) -> LlamaError { LlamaError(.invalidConfiguration, "config.json: \(what)") }
}
