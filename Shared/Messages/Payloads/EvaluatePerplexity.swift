// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `evaluate.perplexity`: how well a model predicts held-out text, by domain.
public struct EvaluatePerplexity: JobPayload, Hashable {
    public var model: ModelReference
    public var adapter: DataReference?
    /// Held-out text by domain, as `tokenize.corpus` leaves it.
    public var data: [String: DataReference]

    public init(model: ModelReference, adapter: DataReference? = nil, data: [String: DataReference]) {
        self.model = model
        self.adapter = adapter
        self.data = data
    }

    public struct DomainPerplexity: Codable, Sendable, Hashable {
        /// exp of the mean negative log-likelihood a token.
        public var perplexity: Double
        /// Negative log-likelihood in bits over the UTF-8 bytes of the text: comparable between tokenizers.
        public var bitsPerByte: Double
        public var tokens: Int
        public init(perplexity: Double, bitsPerByte: Double, tokens: Int) {
            self.perplexity = perplexity
            self.bitsPerByte = bitsPerByte
            self.tokens = tokens
        }
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case subject, perplexity }
        /// Which model was asked, and with which adapter.
        public var subject: String
        public var perplexity: [String: DomainPerplexity]
        public init(subject: String, perplexity: [String: DomainPerplexity]) {
            self.subject = subject
            self.perplexity = perplexity
        }
    }

    public func validate() throws(MessageError) { try Bound.notEmpty(data, "data") }
    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] {
        model.references + [adapter].compactMap { $0 } + data.values.sorted { $0.text < $1.text }
    }
}
