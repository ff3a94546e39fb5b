// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import FoundationEssentials
import Glibc
import Messages
import NIOCore

/// Sends local files and folders to the gateway's store, each content once.
actor FileUploader {
    private let client: GatewayClient
    private let notice: @Sendable (String) -> Void
    private var known: [String: ArtifactID] = [:]

    init(client: GatewayClient, notice: @escaping @Sendable (String) -> Void) {
        self.client = client
        self.notice = notice
    }

    /// The artifact of a file or of all files of a folder.
    func upload(_ path: String) async throws -> ArtifactID {
        if let id = known[path] { return id }
        let id: ArtifactID
        switch LocalFiles.kind(of: path) {
        case .file: id = try await uploadFile(path)
        case .folder:
            let names = try LocalFiles.files(below: path)
            guard !names.isEmpty else { throw MellamaError("\(path): is an empty folder") }
            var files: [String: String] = [:]
            for name in names { files[name] = "\(path)/\(name)" }
            id = try await uploadFolder(files)
        case .missing:
            throw MellamaError("\(path): is not there, neither here nor below a data root of the gateway")
        }
        known[path] = id
        return id
    }

    /// One folder artifact of the named files.
    func uploadFolder(_ files: [String: String]) async throws -> ArtifactID {
        var ids: [String: ArtifactID] = [:]
        for (name, path) in files.sorted(by: { $0.key < $1.key }) { ids[name] = try await uploadFile(path) }
        struct Order: Codable, Sendable { var files: [String: ArtifactID] }
        struct Answer: Codable, Sendable { var id: ArtifactID }
        return try await client.post("/v1/folders", Order(files: ids), as: Answer.self).id
    }

    private func uploadFile(_ path: String) async throws -> ArtifactID {
        if let id = known[path] { return id }
        guard let bytes = FileBytes(path: path) else {
            throw MellamaError("\(path): can't be read; check its permissions")
        }
        notice("uploading \(LocalPath.name(of: path)) (\(Figures.bytes(bytes.size)))")
        let answer: GatewayClient.UploadAnswer
        do {
            answer = try await client.upload(bytes, size: bytes.size, sha256: nil)
        } catch let problem as GatewayProblem {
            throw MellamaError("\(path): \(problem.document.detail)")
        }
        guard answer.bytes == bytes.size else {
            throw MellamaError("\(path): \(answer.bytes) of \(bytes.size) bytes arrived; was it changed meanwhile?")
        }
        known[path] = answer.id
        return answer.id
    }
}

/// A file's bytes in pieces.
struct FileBytes: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let path: String
    let size: Int

    init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0, access(path, R_OK) == 0 else { return nil }
        self.path = path
        size = Int(status.st_size)
    }

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    struct Iterator: AsyncIteratorProtocol {
        let path: String
        private var offset: Int = 0
        private static let pieceSize = 1 << 20

        init(path: String) { self.path = path }

        mutating func next() async throws -> ByteBuffer? {
            // One piece is read at a time, from a file that this machine has at hand.
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw MellamaError("\(path): can't be read any more") }
            defer { close(file) }
            var piece = [UInt8](repeating: 0, count: Self.pieceSize)
            let count = pread(file, &piece, piece.count, offset)
            guard count >= 0 else { throw MellamaError("\(path): \(String(cString: strerror(errno)))") }
            offset += count
            return count == 0 ? nil : ByteBuffer(bytes: piece.prefix(count))
        }
    }
}
