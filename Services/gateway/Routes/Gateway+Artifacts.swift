// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Messages

extension Gateway {
    /// What jobs have made and people have uploaded.
    var artifactRoutes: [Route] {
        [
            Route(.get, "/v1/artifacts", "listArtifacts", .scope(.read), handler: listArtifacts),
            Route(.get, "/v1/artifacts/{id}", "getArtifact", .scope(.read), handler: getArtifact),
            Route(.get, "/v1/artifacts/{id}/files/{path}", "getArtifactFile", .scope(.read), handler: getArtifactFile),
        ]
    }

    /// A page of artifacts in the order of their ids.
    struct ArtifactPage: Codable, Sendable {
        var artifacts: [ArtifactDescription]
        /// Where the next page starts; nil on the last.
        var next: ArtifactID?
    }

    /// A folder artifact with its files.
    struct ArtifactListing: Codable, Sendable {
        var id: ArtifactID
        var size: Int
        var created: Int64
        var files: [ArtifactEntry]
    }

    @Sendable private func listArtifacts(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let query = try Query(request, known: ["after", "limit"])
        let limit = try query.integer("limit", in: 1...1000, default: 50)
        let after = try query["after"].map { try artifactID($0, field: "after") }
        let artifacts = try await artifacts.list(after: after, limit: limit)
        return try .json(
            ArtifactPage(artifacts: artifacts, next: artifacts.count == limit ? artifacts.last?.id : nil))
    }

    @Sendable private func getArtifact(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let id = try artifactID(context.parameters.require("id"), field: "id")
        let description = try await artifacts.describe(id)
        guard description.isFolder else { return try await send(id, entry: nil) }
        return try .json(
            ArtifactListing(
                id: id, size: description.size, created: description.created, files: await artifacts.entries(of: id)))
    }

    @Sendable private func getArtifactFile(_ request: Request, _ context: GatewayContext) async throws -> Response {
        _ = try Query(request, known: [])
        let id = try artifactID(context.parameters.require("id"), field: "id")
        let parts = context.parameters.getCatchAll().map { PercentDecoding.decode($0) ?? "" }
        return try await send(id, entry: parts.joined(separator: "/"))
    }

    /// A stored file, streamed. What is stored never changes, so a client may keep it for good.
    private func send(_ id: ArtifactID, entry: String?) async throws -> Response {
        let reader = try await artifacts.open(id, entry: entry)
        var headers: HTTPFields = [
            .contentType: "application/octet-stream",
            .cacheControl: "private, max-age=31536000, immutable",
        ]
        headers[.eTag] = "\"\(id.digest)\(entry == nil ? "" : "-file")\""
        // Stored files are data, never pages of this origin.
        headers[.contentDisposition] = "attachment"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody(contentLength: reader.size) { writer in
                for try await piece in reader { try await writer.write(ByteBuffer(bytes: piece)) }
                try await writer.finish(nil)
            })
    }

    func artifactID(_ text: String, field: String) throws(Problem) -> ArtifactID {
        let id = ArtifactID(PercentDecoding.decode(text) ?? "")
        guard id.isWellFormed else {
            throw .invalid(
                "invalid-value", "\(field): an artifact's id is sha256: and 64 hexadecimal digits", field: field)
        }
        return id
    }

    func artifactExists(_ id: ArtifactID) -> Bool { (try? artifacts.path(of: id)) != nil }
}
