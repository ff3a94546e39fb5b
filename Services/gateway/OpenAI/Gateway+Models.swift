// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Messages
import ServiceRuntime

/// The models that a client may name: those an operator has named, and those in the artifact store.
extension Gateway {
    static let modelsPath = "/v1/models"

    var modelRoutes: [Route] {
        [
            Route(.get, Self.modelsPath, "listModels", .scope(.read), handler: listModels),
            Route(.get, Self.modelsPath + "/{id}", "getModel", .scope(.read), handler: getModel),
        ]
    }

    /// A model as OpenAI's clients read it.
    struct ModelAnswer: Codable, Sendable {
        var id: String
        var object = "model"
        /// Seconds since 1970.
        var created: Int64
        var ownedBy = "mellama"
        /// What a name stands for.
        var root: String?

        enum CodingKeys: String, CodingKey {
            case id, object, created, root
            case ownedBy = "owned_by"
        }
    }

    struct ModelList: Codable, Sendable {
        var object = "list"
        var data: [ModelAnswer]
    }

    @Sendable private func listModels(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        var list = models.models.sorted { $0.key < $1.key }.map { namedModel($0.key, $0.value) }
        for artifact in try await artifacts.list(after: nil, limit: limits.modelScan) where artifact.isFolder {
            if let model = try await storedModel(artifact) { list.append(model) }
        }
        return try .json(ModelList(data: list))
    }

    @Sendable private func getModel(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let name = PercentDecoding.decode(try context.parameters.require("id")) ?? ""
        if let entry = models.models[name] { return try .json(namedModel(name, entry)) }
        let id = ArtifactID(name)
        guard id.isWellFormed, artifactExists(id), let model = try await storedModel(artifacts.describe(id)) else {
            throw Self.unknownModel
        }
        return try .json(model)
    }

    private func namedModel(_ name: String, _ entry: ModelRegister.Entry) -> ModelAnswer {
        let parts = [entry.model?.text ?? ModelReference.remotePrefix + name, entry.adapter?.text].compactMap { $0 }
        return ModelAnswer(id: name, created: 0, root: parts.joined(separator: "+"))
    }

    /// A folder with a model's configuration; nil for every other.
    private func storedModel(_ artifact: ArtifactDescription) async throws -> ModelAnswer? {
        guard artifact.isFolder else { return nil }
        let names = Set(try await artifacts.entries(of: artifact.id).map(\.path))
        guard names.contains("config.json"),
            names.contains(where: { $0.hasSuffix(".safetensors") || $0.hasSuffix(".gguf") })
        else { return nil }
        return ModelAnswer(id: artifact.id.rawValue, created: artifact.created / 1000)
    }

    private static let unknownModel = OpenAIError(
        .failed, JobFailure(.notFound, title: "", detail: "no such model; GET /v1/models lists them"))

    /// What a client's name of a model stands for: an operator's name, an artifact or a path below a data root, or
    /// `MODEL+ADAPTER` of these.
    func modelReference(_ name: String) throws -> (model: ModelReference, adapter: DataReference?) {
        if let model = models.reference(named: name) { return (model, models.models[name]?.adapter) }
        let parts = name.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var model = DataReference(parts[0])
        var adapter = parts.count > 1 ? DataReference(parts[1]) : nil
        if let entry = models.models[parts[0]], let given = adapter {
            guard entry.adapter == nil, let base = entry.model else { throw Self.unknownModel }
            (model, adapter) = (base, given)
        }
        for reference in [model, adapter].compactMap({ $0 }) {
            switch reference {
            case .stage: throw Self.unknownModel
            case .artifact(let id): guard artifactExists(id) else { throw Self.unknownModel }
            // A worker of another machine may have it, but what is no path of ours is no model.
            case .path(let path): guard (try? dataRoots.check(path)) != nil else { throw Self.unknownModel }
            }
        }
        return (.stored(model), adapter)
    }
}
