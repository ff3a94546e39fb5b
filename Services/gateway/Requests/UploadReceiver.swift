// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import Messages

/// Takes a request's body into the artifact store as it arrives, never whole in memory.
struct UploadReceiver: Sendable {
    let store: any ArtifactStore
    let limit: Int

    /// - Parameter expected: the digest that the client has computed; another one keeps the file out of its sight.
    func receive(_ request: Request, expected: ArtifactID?) async throws -> Upload {
        if let length = request.headers[.contentLength].flatMap(Int.init), length > limit {
            throw Problem.tooLarge(limit)
        }
        let upload = try await store.beginUpload(limit: limit)
        var size = 0
        do {
            for try await buffer in request.body {
                let piece = Array(buffer.readableBytesView)
                size += piece.count
                try await upload.write(piece)
            }
            let id = try await upload.finish()
            if let expected, expected != id {
                throw Problem.invalid(
                    "digest-mismatch", "the file arrived with another digest than sha256 says; send it again",
                    field: "sha256")
            }
            return Upload(id: id, bytes: size)
        } catch {
            await upload.abandon()
            throw error
        }
    }

    /// The answer to an upload.
    struct Upload: Codable, Sendable {
        var id: ArtifactID
        var bytes: Int
    }
}
