// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension LlamaConfiguration: Codable {
    private enum Key: String, CodingKey {
        case modelType = "model_type"
        case architectures
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case keyValueHeadCount = "num_key_value_heads"
        case headDimension = "head_dim"
        case maxPositions = "max_position_embeddings"
        case epsilon = "rms_norm_eps"
        case activation = "hidden_act"
        case attentionBias = "attention_bias"
        case mlpBias = "mlp_bias"
        case attentionDropout = "attention_dropout"
        case tied = "tie_word_embeddings"
        case begin = "bos_token_id"
        case end = "eos_token_id"
        case padding = "pad_token_id"
        case initializerRange = "initializer_range"
        case ropeParameters = "rope_parameters"
        case ropeScaling = "rope_scaling"
        case ropeTheta = "rope_theta"
        case quantization = "quantization_config"
        case dtype
        case torchDtype = "torch_dtype"
        case useCache = "use_cache"
        case slidingWindow = "sliding_window"
    }

    /// The kinds of model this engine computes, as `model_type` and `architectures` name them.
    private static let families = ["llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM"]

    /// Reads config.json in either spelling: transformers 5 (`rope_parameters`, `dtype`) or LLaMA-2 era (`rope_theta`,
    /// `rope_scaling`, `torch_dtype`). What this engine does not compute exactly is refused by name.
    public init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Key.self)
        let isMistral = try Self.family(file) == "mistral"
        let rope = try Self.rope(file)
        let ends: [Int]
        if let list = try? file.decodeIfPresent([Int].self, forKey: .end) {
            ends = list
        } else {
            ends = try Self.number(Int.self, .end, file).map { [$0] } ?? []
        }
        func required(_ key: Key) throws -> Int {
            guard let value = try Self.number(Int.self, key, file) else {
                throw Self.invalid("\(key.rawValue) is missing")
            }
            return value
        }
        try self.init(
            vocabularySize: required(.vocabularySize), hiddenSize: required(.hiddenSize),
            intermediateSize: required(.intermediateSize), layerCount: required(.layerCount),
            headCount: required(.headCount),
            // What is absent has the default of the model's class in transformers; null has another meaning.
            keyValueHeadCount: isMistral && !file.contains(.keyValueHeadCount)
                ? 8 : Self.number(Int.self, .keyValueHeadCount, file),
            headDimension: Self.number(Int.self, .headDimension, file),
            maxPositions: Self.number(Int.self, .maxPositions, file) ?? (isMistral ? 131072 : 2048),
            rmsNormEpsilon: Self.number(Double.self, .epsilon, file) ?? 1e-6,
            ropeTheta: rope.theta, ropeScaling: rope.scaling,
            slidingWindow: !isMistral
                ? nil : file.contains(.slidingWindow) ? Self.number(Int.self, .slidingWindow, file) : 4096,
            tieWordEmbeddings: file.decodeIfPresent(Bool.self, forKey: .tied) ?? false,
            beginOfSequenceID: Self.number(Int.self, .begin, file), endOfSequenceIDs: ends,
            paddingID: Self.number(Int.self, .padding, file),
            initializerRange: Self.number(Double.self, .initializerRange, file) ?? 0.02)
    }

    /// Set this key of an encoder's `userInfo` to the name of the stored type: `float32` (the default), `bfloat16`.
    public static let dtypeKey = CodingUserInfoKey(rawValue: "mellama.dtype")

    /// Writes a config.json that transformers 4 and 5 both read.
    ///
    /// Version 5 reads `rope_parameters` and `dtype`; version 4 reads `rope_theta`, `rope_scaling` and `torch_dtype`
    /// and ignores the rest. Both spellings are written with equal values; version 5 takes the older one for the newer
    /// where it finds it, so it too ends with the same numbers.
    public func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: Key.self)
        // Without a window the two are one model.
        let family = slidingWindow == nil ? "llama" : "mistral"
        try file.encode(family, forKey: .modelType)
        try file.encode([Self.families[family]], forKey: .architectures)
        try file.encodeIfPresent(slidingWindow, forKey: .slidingWindow)
        try file.encode(vocabularySize, forKey: .vocabularySize)
        try file.encode(hiddenSize, forKey: .hiddenSize)
        try file.encode(intermediateSize, forKey: .intermediateSize)
        try file.encode(layerCount, forKey: .layerCount)
        try file.encode(headCount, forKey: .headCount)
        try file.encode(keyValueHeadCount, forKey: .keyValueHeadCount)
        try file.encode(headDimension, forKey: .headDimension)
        try file.encode(maxPositions, forKey: .maxPositions)
        try file.encode(Self.shortest(rmsNormEpsilon), forKey: .epsilon)
        try file.encode("silu", forKey: .activation)
        try file.encode(false, forKey: .attentionBias)
        try file.encode(false, forKey: .mlpBias)
        try file.encode(0.0, forKey: .attentionDropout)
        try file.encode(tieWordEmbeddings, forKey: .tied)
        try file.encode(beginOfSequenceID, forKey: .begin)
        switch endOfSequenceIDs.count {
        case 0: try file.encodeNil(forKey: .end)
        case 1: try file.encode(endOfSequenceIDs[0], forKey: .end)
        default: try file.encode(endOfSequenceIDs, forKey: .end)
        }
        try file.encode(paddingID, forKey: .padding)
        try file.encode(initializerRange, forKey: .initializerRange)
        try file.encode(RopeParameters(ropeScaling, theta: ropeTheta), forKey: .ropeParameters)
        try file.encode(ropeTheta, forKey: .ropeTheta)
        if ropeScaling == .none {
            try file.encodeNil(forKey: .ropeScaling)
        } else {
            try file.encode(RopeParameters(ropeScaling, theta: nil), forKey: .ropeScaling)
        }
        let dtype = Self.dtypeKey.flatMap { encoder.userInfo[$0] as? String } ?? "float32"
        try file.encode(dtype, forKey: .dtype)
        try file.encode(dtype, forKey: .torchDtype)
        try file.encode(true, forKey: .useCache)
    }

    /// A number, or nil if the field is absent or null. Names the field where JSON's number does not fit the type:
    /// the decoder's own error does not.
    private static func number<Number: Decodable>(
        _ type: Number.Type, _ key: Key, _ file: KeyedDecodingContainer<Key>
    ) throws -> Number? {
        do { return try file.decodeIfPresent(type, forKey: key) } catch {
            throw invalid("\(key.rawValue) is no \(type == Int.self ? "whole number" : "number") this engine can hold")
        }
    }

    /// The file's `model_type`; throws for models, and settings of these, that this engine does not compute.
    private static func family(_ file: KeyedDecodingContainer<Key>) throws -> String {
        let type = try file.decodeIfPresent(String.self, forKey: .modelType) ?? "llama"
        guard let architecture = families[type] else {
            throw invalid("model_type \"\(type)\" is not supported; llama and mistral are")
        }
        if let names = try file.decodeIfPresent([String].self, forKey: .architectures), !names.contains(architecture) {
            throw invalid("architectures \(names) is not supported; for model_type \(type), \(architecture) is")
        }
        if let name = try file.decodeIfPresent(String.self, forKey: .activation), name != "silu" {
            throw invalid("hidden_act \"\(name)\" is not supported; only silu is")
        }
        for key in [Key.attentionBias, .mlpBias] where try file.decodeIfPresent(Bool.self, forKey: key) == true {
            throw invalid("\(key.rawValue) true is not supported; this engine has no bias terms")
        }
        if let dropout = try number(Double.self, .attentionDropout, file), dropout != 0 {
            throw invalid("attention_dropout \(dropout) is not supported; set it to 0")
        }
        if file.contains(.quantization), try !file.decodeNil(forKey: .quantization) {
            throw invalid("quantization_config is not supported; use the unquantised checkpoint")
        }
        return type
    }

    private static func rope(_ file: KeyedDecodingContainer<Key>) throws -> (theta: Double, scaling: RopeScaling) {
        let newer = try file.decodeIfPresent(RopeParameters.self, forKey: .ropeParameters)
        let older = try file.decodeIfPresent(RopeParameters.self, forKey: .ropeScaling)
        let theta = try number(Double.self, .ropeTheta, file)
        let scalings = try [newer, older].compactMap { try $0?.scaling() }
        if scalings.count == 2, scalings[0] != scalings[1] {
            throw invalid("rope_parameters and rope_scaling disagree; keep one of them")
        }
        let thetas = [newer?.theta, older?.theta, theta].compactMap { $0 }
        if let first = thetas.first, thetas.contains(where: { $0 != first }) {
            throw invalid("rope_theta has the values \(thetas) in one file; keep one of them")
        }
        return (thetas.first ?? 10000, scalings.first ?? .none)
    }

    /// The double with the float's shortest decimal form, so that 1e-5 is written as 1e-05 and not as 9.99…e-06.
    private static func shortest(_ value: Float) -> Double { Double(value.description) ?? Double(value) }
}
