// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Logging
public import Messages

/// Artifacts in a directory that all services of a stack can reach.
///
/// ```
/// <root>/sha256/<digest>       a file, or a folder with its files, read-only once there
/// <root>/jobs/<job>.json       what a job has published (`JobManifest`), guarded by its fence
/// <root>/workspaces/<job>/     the job's workspace, kept between attempts for checkpoints
/// <root>/incoming/<random>     what is being written; renamed into sha256/ when whole and synced
/// ```
/// A file's digest is the SHA-256 of its bytes. A folder's digest is the SHA-256 of its table: a line
/// `mellama-folder 1`, then a line `<size> <sha256> <path>` a file, in the order of the paths' bytes. Empty folders
/// do not count. All of it is on one volume, so a rename publishes at once and whole.
public struct DirectoryArtifactStore: ArtifactStore {
    /// Left-over files of processes that died are removed after so long.
    static let incomingAge: Duration = .seconds(86_400)
    /// Workspaces of jobs that nobody ended are removed after so long.
    static let workspaceAge: Duration = .seconds(14 * 86_400)

    public let root: String
    let logger: Logger

    /// A store below `root`, which is made when the first artifact comes.
    public init(root: String, logger: Logger) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
        self.logger = logger
    }

    var incoming: String { "\(root)/incoming" }

    func place(of id: ArtifactID) -> String { "\(root)/sha256/\(id.digest)" }

    /// Makes the store's folders and removes what dead processes left, older than a day (workspaces: two weeks).
    public func prepare() async throws {
        try await OwnThread.run {
            try makeFolders()
            sweep(incoming, olderThan: Self.incomingAge)
            sweep("\(root)/workspaces", olderThan: Self.workspaceAge)
        }
    }

    func makeFolders() throws {
        for name in ["incoming", "jobs", "sha256", "workspaces"] { try FileSystem.makeFolder("\(root)/\(name)") }
    }

    private func sweep(_ folder: String, olderThan age: Duration) {
        let limit = time(nil) - Int(age.components.seconds)
        for name in (try? FileSystem.names(in: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            guard lstat(path, &status) == 0, status.st_mtim.tv_sec < limit else { continue }
            do {
                try FileSystem.remove(path)
                logger.info("Removed what a dead process left", metadata: ["path": "\(path)"])
            } catch {
                logger.warning("Can't remove what a dead process left", metadata: ["error": "\(error)"])
            }
        }
    }

    // MARK: Reading

    public func path(of id: ArtifactID) throws -> String {
        guard id.isWellFormed else {
            throw ArtifactError(
                .notFound, operation: "find artifact", detail: "the id is not sha256: and 64 hexadecimal digits")
        }
        let path = place(of: id)
        guard FileSystem.exists(path) else {
            throw ArtifactError(.notFound, operation: "find artifact", detail: "\(id) is not in this store")
        }
        return path
    }

    public func describe(_ id: ArtifactID) async throws -> ArtifactDescription {
        try await OwnThread.run { try describeNow(id) }
    }

    private func describeNow(_ id: ArtifactID) throws -> ArtifactDescription {
        let path = try path(of: id)
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ArtifactError.system(errno, operation: "find artifact", path: path)
        }
        let tree = try SourceTree(path)
        return ArtifactDescription(
            id: id, isFolder: tree.isFolder, size: tree.files.reduce(0) { $0 + $1.size },
            created: Int64(status.st_ctim.tv_sec) * 1000)
    }

    public func entries(of id: ArtifactID) async throws -> [ArtifactEntry] {
        try await OwnThread.run {
            let tree = try SourceTree(path(of: id))
            return tree.isFolder ? tree.files.map { ArtifactEntry(path: $0.path, size: $0.size) } : []
        }
    }

    public func open(_ id: ArtifactID, entry: String?) async throws -> ArtifactReader {
        try await OwnThread.run {
            var path = try path(of: id)
            if let entry {
                try SourceTree.checkName(entry)
                path += "/\(entry)"
            }
            let file = try FileDescriptor(path, O_RDONLY | O_NOFOLLOW, operation: "open artifact")
            var status = stat()
            guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw ArtifactError(
                    .badName, operation: "open artifact", detail: "\(id) is a folder; name one of its files")
            }
            return ArtifactReader(file: file, size: Int(status.st_size))
        }
    }

    public func list(after id: ArtifactID?, limit: Int) async throws -> [ArtifactDescription] {
        try await OwnThread.run {
            guard FileSystem.isFolder("\(root)/sha256") else { return [] }
            let ids = try FileSystem.names(in: "\(root)/sha256").map { ArtifactID(ArtifactID.prefix + $0) }
                .filter { $0.isWellFormed && (id == nil || $0.rawValue > id?.rawValue ?? "") }
            return try ids.prefix(max(0, limit)).map(describeNow)
        }
    }
}
