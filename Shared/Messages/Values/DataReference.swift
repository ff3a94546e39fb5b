// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where a payload names data or a model: an artifact, a path, or an earlier stage's output.
public enum DataReference: Hashable, Sendable {
    case artifact(ArtifactID)
    /// A path below a data root, or under `SERVICE run` relative to the job file. It may hold `*` where many are asked for.
    case path(String)
    case stage(StageReference)

    public init(_ text: String) {
        if let reference = StageReference(text) {
            self = .stage(reference)
        } else if ArtifactID(text).isWellFormed {
            self = .artifact(ArtifactID(text))
        } else {
            self = .path(text)
        }
    }

    /// The reference as it is written.
    public var text: String {
        switch self {
        case .artifact(let id): id.rawValue
        case .path(let path): path
        case .stage(let reference): reference.description
        }
    }
}

extension DataReference: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard !text.isEmpty else {
            throw MessageError(
                .invalidValue, path: CodingPath.text(decoder.codingPath),
                detail: "is empty; name an artifact (sha256:…) or a path")
        }
        self.init(text)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}

extension DataReference: ExpressibleByStringLiteral {
    public init(stringLiteral value: String) { self.init(value) }
}
