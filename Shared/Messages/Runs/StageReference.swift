// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// `${stage.field}`: an output field of an earlier stage, resolved when the stage that names it is claimed.
public struct StageReference: Hashable, Sendable, CustomStringConvertible {
    public let stage: String
    /// The path into the stage's output, such as `dataset` or `heldOut.clinical`.
    public let field: String

    public init(stage: String, field: String) {
        self.stage = stage
        self.field = field
    }

    /// Parses the whole of `text`; nil where it is anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("${"), text.hasSuffix("}") else { return nil }
        let inner = text.dropFirst(2).dropLast()
        guard let dot = inner.firstIndex(of: "."), !inner.contains(where: { $0 == "{" || $0 == "}" || $0 == "$" })
        else {
            return nil
        }
        let stage = inner[..<dot]
        let field = inner[inner.index(after: dot)...]
        // A sentence in braces is a text, not a reference: an error would quote it.
        guard CodingPath.isPlain(stage), field.utf8.count <= 200, field.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !field.isEmpty
        else { return nil }
        self.init(stage: String(stage), field: String(field))
    }

    public var description: String { "${\(stage).\(field)}" }
}

extension JSONValue {
    /// Every `${stage.field}` in the value.
    public var stageReferences: Set<StageReference> {
        switch self {
        case .string(let text): StageReference(text).map { [$0] } ?? []
        case .array(let items): items.reduce(into: []) { $0.formUnion($1.stageReferences) }
        case .object(let members): members.values.reduce(into: []) { $0.formUnion($1.stageReferences) }
        default: []
        }
    }

    /// The value with every `${stage.field}` replaced by what `output` gives for it.
    ///
    /// Throws `unresolvedReference`, naming the reference, where a stage gave no such field.
    public func resolvingStageReferences(
        _ output: (String) -> JSONValue?
    ) throws(MessageError) -> JSONValue {
        switch self {
        case .string(let text):
            guard let reference = StageReference(text) else { return self }
            var value = output(reference.stage)
            for name in reference.field.split(separator: ".") { value = value?[String(name)] }
            guard let value else {
                throw MessageError(
                    .unresolvedReference, path: "payload", detail: "\(reference): the stage gave no such output")
            }
            return value
        case .array(let items):
            var resolved: [JSONValue] = []
            for item in items { resolved.append(try item.resolvingStageReferences(output)) }
            return .array(resolved)
        case .object(let members):
            var resolved: [String: JSONValue] = [:]
            for (name, member) in members { resolved[name] = try member.resolvingStageReferences(output) }
            return .object(resolved)
        default:
            return self
        }
    }
}
