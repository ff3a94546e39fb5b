// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A model: a Hugging Face folder, or a configuration to start from nothing with.
public enum ModelReference: Hashable, Sendable {
    case stored(DataReference)
    /// `configuration` is config.json's content; weights are drawn from `seed`. Without a tokenizer it serves requests
    /// given as ids only.
    case fresh(configuration: JSONValue, seed: UInt64, tokenizer: DataReference?)
    /// A model behind another's endpoint, by the name that the operator gave it: written `remote:NAME`.
    case remote(String)

    /// What a remote model's reference begins with.
    public static let remotePrefix = "remote:"

    /// The data it names, if it does.
    public var references: [DataReference] {
        switch self {
        case .stored(let reference): [reference]
        case .fresh(_, _, let tokenizer): [tokenizer].compactMap { $0 }
        case .remote: []
        }
    }
}

extension ModelReference: Codable {
    private enum CodingKeys: String, CodingKey { case configuration, seed, tokenizer }

    public init(from decoder: any Decoder) throws {
        if let reference = try? decoder.singleValueContainer().decode(DataReference.self) {
            self =
                reference.text.hasPrefix(Self.remotePrefix)
                ? .remote(String(reference.text.dropFirst(Self.remotePrefix.count))) : .stored(reference)
            return
        }
        let container: KeyedDecodingContainer<CodingKeys>
        do {
            container = try decoder.container(keyedBy: CodingKeys.self)
        } catch {
            throw MessageError(
                .wrongType, path: CodingPath.text(decoder.codingPath),
                detail: "expected a model: an artifact, a path, or {\"configuration\": {…}, \"seed\": 1}")
        }
        self = .fresh(
            configuration: try container.decode(JSONValue.self, forKey: .configuration),
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 0,
            tokenizer: try container.decodeIfPresent(DataReference.self, forKey: .tokenizer))
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .stored(let reference):
            var container = encoder.singleValueContainer()
            try container.encode(reference)
        case .remote(let name):
            var container = encoder.singleValueContainer()
            try container.encode(Self.remotePrefix + name)
        case .fresh(let configuration, let seed, let tokenizer):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(configuration, forKey: .configuration)
            try container.encode(seed, forKey: .seed)
            try container.encodeIfPresent(tokenizer, forKey: .tokenizer)
        }
    }
}
