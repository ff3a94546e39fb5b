// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `tokenize.text`: texts to token ids.
public struct TokenizeText: JobPayload, Hashable {
    /// `tokenizer.model`, `tokenizer.json`, or a folder that holds one.
    public var tokenizer: DataReference
    public var texts: [String]
    /// Whether each list starts with the beginning-of-sequence id. Default false.
    public var addBOS: Bool?

    public init(tokenizer: DataReference, texts: [String], addBOS: Bool? = nil) {
        self.tokenizer = tokenizer
        self.texts = texts
        self.addBOS = addBOS
    }

    public struct Output: Codable, Sendable, Hashable {
        enum CodingKeys: String, CodingKey, CaseIterable { case ids }
        /// One list a text.
        public var ids: [[Int32]]
        public init(ids: [[Int32]]) { self.ids = ids }
    }

    public static var outputFields: [String] { Output.CodingKeys.allCases.map(\.rawValue) }
    public var references: [DataReference] { [tokenizer] }
}
