// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The dimensions of a BERT encoder, as config.json gives them; only what is computed exactly is accepted.
public struct BERTConfiguration: Sendable, Equatable, Decodable {
    /// Rows of the word embeddings.
    public let vocabularySize: Int
    /// Width of the stream.
    public let hiddenSize: Int
    let intermediateSize: Int
    /// Transformer blocks.
    public let layerCount: Int
    let headCount: Int
    /// Tokens of a text at most, [CLS] and [SEP] among them.
    public let maxPositions: Int
    let typeCount: Int
    let epsilon: Double

    private enum Key: String, CodingKey {
        case modelType = "model_type"
        case activation = "hidden_act"
        case positions = "position_embedding_type"
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layerCount = "num_hidden_layers"
        case headCount = "num_attention_heads"
        case maxPositions = "max_position_embeddings"
        case typeCount = "type_vocab_size"
        case epsilon = "layer_norm_eps"
    }

    public init(from decoder: any Decoder) throws {
        let file = try decoder.container(keyedBy: Key.self)
        func text(_ key: Key, is known: String) throws {
            let found = try file.decodeIfPresent(String.self, forKey: key) ?? known
            guard found == known else {
                throw EncoderError("config.json: \(key.rawValue) \"\(found.prefix(40))\" is not supported; \(known) is")
            }
        }
        try text(.modelType, is: "bert")
        try text(.activation, is: "gelu")
        try text(.positions, is: "absolute")
        func number(_ key: Key, _ range: ClosedRange<Int>, default value: Int? = nil) throws -> Int {
            guard let number = try? file.decodeIfPresent(Int.self, forKey: key) ?? value, range.contains(number) else {
                throw EncoderError("config.json: \(key.rawValue) is missing or outside \(range)")
            }
            return number
        }
        vocabularySize = try number(.vocabularySize, 1...1 << 22)
        hiddenSize = try number(.hiddenSize, 1...1 << 14)
        intermediateSize = try number(.intermediateSize, 1...1 << 16)
        layerCount = try number(.layerCount, 1...256)
        headCount = try number(.headCount, 1...256)
        maxPositions = try number(.maxPositions, 2...1 << 17, default: 512)
        typeCount = try number(.typeCount, 1...1 << 10, default: 2)
        epsilon = (try? file.decodeIfPresent(Double.self, forKey: .epsilon)) ?? 1e-12
        guard hiddenSize % headCount == 0, epsilon > 0, epsilon < 1 else {
            throw EncoderError(
                "config.json: hidden_size is no multiple of num_attention_heads, or layer_norm_eps is odd")
        }
    }
}
