// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages
import Synchronization

extension DirectoryArtifactStore {
    public func beginUpload(limit: Int) async throws -> any ArtifactUpload {
        try await OwnThread.run {
            try makeFolders()
            return try FileUpload(store: self, limit: limit)
        }
    }
}

/// A file that arrives in pieces beside the store's files.
///
/// Unchecked: the protocol allows one caller at a time, and each call runs to its end before it returns.
private final class FileUpload: ArtifactUpload, @unchecked Sendable {
    private let store: DirectoryArtifactStore
    private let limit: Int
    private let aside: String
    private let file: FileDescriptor
    private let digest: ContentDigest
    private var size = 0
    private var isOver = false

    init(store: DirectoryArtifactStore, limit: Int) throws {
        self.store = store
        self.limit = limit
        aside = "\(store.incoming)/\(FileSystem.randomName())"
        digest = try ContentDigest()
        file = try FileDescriptor(aside, O_WRONLY | O_CREAT | O_EXCL, operation: "upload")
    }

    deinit { if !isOver { unlink(aside) } }

    func write(_ bytes: [UInt8]) async throws {
        try await OwnThread.run { [self] in
            guard size + bytes.count <= limit else {
                throw ArtifactError(
                    .tooLarge, operation: "upload", detail: "the file holds more than the allowed \(limit) bytes")
            }
            size += bytes.count
            try bytes.withUnsafeBytes { (raw) throws in
                digest.update(raw)
                try file.write(raw)
            }
        }
    }

    func finish() async throws -> ArtifactID {
        try await OwnThread.run { [self] in
            _ = fchmod(file.number, 0o444)
            try file.synchronize()
            let id = digest.finish()
            try store.settle(aside, as: id)
            isOver = true
            return id
        }
    }

    func abandon() async {
        guard !isOver else { return }
        isOver = true
        unlink(aside)
    }
}
