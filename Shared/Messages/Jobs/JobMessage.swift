// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A request as people write it: `{"kind": "train.tune", "version": 1, "payload": {…}}`.
public struct JobMessage: Codable, Sendable, Hashable {
    /// The version of the payload's form.
    public static let version = 1

    public var kind: JobKind
    public var version: Int
    public var payload: JSONValue

    public init(kind: JobKind, version: Int = JobMessage.version, payload: JSONValue) {
        self.kind = kind
        self.version = version
        self.payload = payload
    }

    /// A message of a typed payload.
    public init(_ kind: JobKind, _ payload: some JobPayload) throws {
        self.init(kind: kind, payload: try MessageEncoder.value(payload))
    }

    private enum CodingKeys: String, CodingKey { case kind, version, payload }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        kind = try container.decode(JobKind.self, forKey: .kind)
        version = try container.decodeIfPresent(Int.self, forKey: .version) ?? JobMessage.version
        payload = try container.decode(JSONValue.self, forKey: .payload)
    }

    /// Where the output goes instead of the artifact store: `payload.output`, which every kind takes.
    public var output: String? { payload["output"]?.stringValue }

    /// The payload as its kind's type has it, without `output`.
    public var typedPayload: JSONValue {
        guard case .object(var members) = payload else { return payload }
        members["output"] = nil
        return .object(members)
    }

    /// The payload as its kind's type; unknown fields are ignored, as a newer version may have written it.
    public func decode<Payload: JobPayload>(_ type: Payload.Type) throws(MessageError) -> Payload {
        do {
            return try MessageDecoder(policy: .lenient).decode(type, from: typedPayload)
        } catch {
            throw error.below("payload")
        }
    }

    /// Checks the message as people wrote it: known kind, known fields, types and bounds.
    ///
    /// - Parameter allowsStageReferences: whether `${stage.field}` may stand for a value, as in a recipe.
    public func validate(allowsStageReferences: Bool = false) throws(MessageError) {
        guard version == Self.version else {
            throw MessageError(
                .unsupportedVersion, path: "version",
                detail: "version \(version) is not served here; this version writes \(Self.version)")
        }
        guard let type = JobKind.payloadTypes[kind] else {
            let known = JobKind.payloadTypes.keys.map(\.rawValue)
            throw MessageError(
                .unknownKind, path: "kind",
                detail: "unknown kind \"\(kind.rawValue.prefix(60))\""
                    + NearestName.hint(for: kind.rawValue, among: known))
        }
        if let output = payload["output"], output.stringValue == nil {
            throw MessageError(
                .wrongType, path: "payload.output", detail: "expected a path (a string), found \(output.typeName)")
        }
        try Self.check(type, typedPayload, allowsStageReferences)
    }

    private static func check<Payload: JobPayload>(
        _ type: Payload.Type, _ payload: JSONValue, _ allowsStageReferences: Bool
    ) throws(MessageError) {
        let decoder = MessageDecoder(policy: .strict, allowsStageReferences: allowsStageReferences)
        let decoded: Payload
        do {
            guard let value = try decoder.decodeUnlessReference(type, from: payload) else { return }
            decoded = value
            try decoded.validate()
        } catch {
            throw error.below("payload")
        }
        if !allowsStageReferences {
            for case .stage(let reference) in decoded.references {
                throw MessageError(
                    .unresolvedReference, path: "payload",
                    detail: "\(reference) names a stage, and a single job has none; name an artifact or a path")
            }
        }
    }
}
