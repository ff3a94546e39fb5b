// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Messages
import ServiceRuntime

extension Gateway {
    /// Where data comes in that lies outside the data roots.
    var fileRoutes: [Route] {
        [
            Route(.post, "/v1/files", "uploadFile", .scope(.submit), handler: uploadFile),
            Route(.post, "/v1/folders", "composeFolder", .scope(.submit), handler: composeFolder),
            Route(.get, "/v1/data-roots", "listDataRoots", .scope(.read)) { _, _ in
                try .json(DataRootList(roots: dataRoots.roots))
            },
        ]
    }

    /// The folders whose files a job may name by path.
    struct DataRootList: Codable, Sendable {
        var roots: [String]
    }

    /// A new folder artifact.
    struct ComposedFolder: Codable, Sendable {
        var id: ArtifactID
        var files: Int
    }

    @Sendable private func uploadFile(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = try Query(request, known: ["sha256"])
        let expected = try query["sha256"].map { digest in
            try artifactID(digest.hasPrefix(ArtifactID.prefix) ? digest : ArtifactID.prefix + digest, field: "sha256")
        }
        let receiver = UploadReceiver(store: artifacts, limit: limits.uploadBytes)
        let upload = try await receiver.receive(request, expected: expected)
        return try .json(upload, status: .created, headers: [.location: "/v1/artifacts/\(upload.id)"])
    }

    @Sendable private func composeFolder(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let document = try await RequestDocument.read(request, limits: limits)
        let order = try MessageDecoder(policy: .strict).decode(FolderComposer.Order.self, from: document)
        let id = try await FolderComposer(store: artifacts, limits: limits).compose(order)
        return try .json(
            ComposedFolder(id: id, files: order.files.count), status: .created,
            headers: [.location: "/v1/artifacts/\(id)"])
    }
}
