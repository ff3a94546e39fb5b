// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Messages

extension DirectoryArtifactStore {
    /// A manifest is small; a larger file is none of ours.
    private static let manifestLimit = 16 << 20

    public func manifest(of job: JobID) async throws -> JobManifest? {
        try await OwnThread.run { try readManifest(of: job) }
    }

    @discardableResult
    public func updateManifest(
        of job: JobID, fence: Fence, _ change: @escaping @Sendable (inout JobManifest) -> Void
    ) async throws -> JobManifest {
        try await OwnThread.run { try changeManifest(of: job, fence: fence, change) }
    }

    /// Reads, checks the fence, changes and replaces a manifest, alone among all processes.
    @discardableResult
    func changeManifest(
        of job: JobID, fence: Fence, _ change: (inout JobManifest) -> Void
    ) throws -> JobManifest {
        let path = try manifestPath(of: job)
        try makeFolders()
        let lock = try FileDescriptor("\(root)/jobs", O_RDONLY | O_DIRECTORY, operation: "lock manifests")
        while flock(lock.number, LOCK_EX) != 0 {
            guard errno == EINTR else { throw ArtifactError.system(errno, operation: "lock manifests", path: root) }
        }
        let old = try readManifest(of: job)
        var manifest = old ?? JobManifest(job: job, fence: fence)
        guard manifest.fence <= fence else {
            throw ArtifactError(
                .staleFence, operation: "publish",
                detail: "a later attempt of job \(job) has published; this attempt's work is dropped")
        }
        manifest.fence = fence
        change(&manifest)
        if manifest != old { try FileSystem.replace(path, with: Array(MessageEncoder.encode(manifest))) }
        return manifest
    }

    private func readManifest(of job: JobID) throws -> JobManifest? {
        try FileSystem.readManifest(
            try manifestPath(of: job), limit: Self.manifestLimit, remedy: "remove it, and the job publishes again")
    }

    private func manifestPath(of job: JobID) throws -> String { "\(root)/jobs/\(try folderName(of: job)).json" }

    public func workspace(of job: JobID) throws -> String {
        let path = "\(root)/workspaces/\(try folderName(of: job))"
        try FileSystem.makeFolder(path)
        return path
    }

    public func removeWorkspace(of job: JobID) async throws {
        let path = "\(root)/workspaces/\(try folderName(of: job))"
        try await OwnThread.run { try FileSystem.remove(path) }
    }

    private func folderName(of job: JobID) throws -> String {
        guard job.isWellFormed, job.rawValue != ".", job.rawValue != ".." else {
            throw ArtifactError(
                .badName, operation: "publish",
                detail: "the job's id is no plain name; use letters, digits, \".\", \"_\" and \"-\"")
        }
        return job.rawValue
    }
}
