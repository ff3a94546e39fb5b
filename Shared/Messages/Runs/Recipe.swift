// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A run as people write it: named stages, whose edges are the `${stage.field}` they use and the `after` they state.
public struct Recipe: Codable, Sendable, Hashable {
    public static let version = 1
    /// More stages than this are refused: one script creates them all at once.
    public static let maximumStages = 256

    public var version: Int
    public var name: String
    public var stages: [String: RecipeStage]

    public init(version: Int = Recipe.version, name: String, stages: [String: RecipeStage]) {
        self.version = version
        self.name = name
        self.stages = stages
    }

    /// The stages that must end before `stage` is claimed, in alphabetical order.
    public func parents(of stage: String) -> [String] {
        guard let definition = stages[stage] else { return [] }
        return Set(definition.payload.stageReferences.map(\.stage)).union(definition.after ?? []).sorted()
    }

    /// Checks names, kinds, payloads, edges and cycles, and returns the stages with parents before children.
    @discardableResult
    public func validate() throws(MessageError) -> [String] {
        guard version == Self.version else {
            throw MessageError(
                .unsupportedVersion, path: "version", detail: "version \(version) is not known; write \(Self.version)")
        }
        try Bound.notEmpty(stages, "stages")
        try Bound.require(
            stages.count <= Self.maximumStages, "stages", "\(stages.count) stages; at most \(Self.maximumStages)")
        for (name, stage) in stages.sorted(by: { $0.key < $1.key }) {
            let path = "stages.\(name)"
            try Bound.require(
                JobID(name).isWellFormed && !name.contains(".") && name.utf8.count <= 64, "stages",
                "\"\(name.prefix(60))\" is no stage name; use letters, digits, _ and -, at most 64")
            do {
                try JobMessage(kind: stage.kind, payload: stage.payload).validate(allowsStageReferences: true)
                try checkEdges(of: name)
            } catch {
                throw error.below(path)
            }
        }
        return try orderedStages()
    }

    private func checkEdges(of name: String) throws(MessageError) {
        let names = stages.keys.filter { $0 != name }
        for reference in (stages[name]?.payload.stageReferences ?? []).sorted(by: { "\($0)" < "\($1)" }) {
            guard let parent = stages[reference.stage] else {
                throw MessageError(
                    .unresolvedReference, path: "payload",
                    detail: "\(reference) names an unknown stage" + NearestName.hint(for: reference.stage, among: names)
                )
            }
            let first = String(reference.field.split(separator: ".")[0])
            let fields = JobKind.payloadTypes[parent.kind]?.outputFields ?? []
            guard fields.contains(first) else {
                throw MessageError(
                    .unresolvedReference, path: "payload",
                    detail: "\(reference): \(parent.kind) has no output \"\(first)\""
                        + NearestName.hint(for: first, among: fields))
            }
        }
        for parent in stages[name]?.after ?? [] where stages[parent] == nil {
            throw MessageError(
                .unresolvedReference, path: "after",
                detail: "unknown stage \"\(parent.prefix(60))\"" + NearestName.hint(for: parent, among: names))
        }
    }

    private func orderedStages() throws(MessageError) -> [String] {
        var ordered: [String] = []
        var left = stages.keys.sorted()
        while !left.isEmpty {
            let free = left.filter { name in parents(of: name).allSatisfy(ordered.contains) }
            guard !free.isEmpty else {
                throw MessageError(
                    .invalidValue, path: "stages", detail: "a cycle goes through \(left.joined(separator: ", "))")
            }
            ordered += free
            left.removeAll(where: free.contains)
        }
        return ordered
    }
}
