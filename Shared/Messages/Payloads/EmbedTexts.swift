// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `infer.embed`: a vector for every token of some texts, by a BERT encoder.
public struct EmbedTexts: JobPayload, Hashable {
    /// How the vectors of a text's tokens become one: their mean, or that of the first token, [CLS].
    public enum Pooling: String, Codable, Sendable { case mean, first }

    /// Texts of one job at most.
    public static let mostTexts = 65_536

    /// The encoder's folder.
    public var model: DataReference
    public var texts: [String]
    /// Which layer's output: 0 is the embeddings; the last block's by default.
    public var layer: Int?
    /// Whether each text is answered with one vector as well.
    public var pooling: Pooling?

    public init(model: DataReference, texts: [String], layer: Int? = nil, pooling: Pooling? = nil) {
        self.model = model
        self.texts = texts
        self.layer = layer
        self.pooling = pooling
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case vectors, tokens, truncated, embeddings }
        /// A safetensors file: `ids.N` [tokens] (I64) and `vectors.N` [tokens, width] (F32) of text N, counted from 0, the
        /// special tokens among them.
        public var vectors: DataReference
        /// Tokens of each text.
        public var tokens: [Int]
        /// How many texts were longer than the encoder's context and lost their end.
        public var truncated: Int
        /// One vector a text, with `pooling`.
        public var embeddings: [[Double]]?
        public init(vectors: DataReference, tokens: [Int], truncated: Int, embeddings: [[Double]]? = nil) {
            self.vectors = vectors
            self.tokens = tokens
            self.truncated = truncated
            self.embeddings = embeddings
        }
    }

    public func validate() throws(MessageError) {
        try Bound.notEmpty(texts, "texts")
        try Bound.range(texts.count, 1...Self.mostTexts, "texts")
        try Bound.range(layer, 0...1024, "layer")
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { [model] }
}
