// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Keeps immutable files and folders by the digest of their content.
///
/// What is published never changes; the same content published twice is one artifact. Calls that move many bytes run
/// on threads of their own. Every store passes one conformance suite.
public protocol ArtifactStore: Sendable {
    /// Publishes a file or folder as part of a job's output, and records it in the job's manifest.
    ///
    /// A folder may hold only files and folders. Throws `staleFence` where a later attempt has published, and leaves
    /// nothing half-written behind, whatever is thrown.
    func publish(
        contentsOf path: String, transfer: ArtifactTransfer, for job: JobID, fence: Fence, name: String
    ) async throws -> ArtifactID

    /// Publishes a file or folder that no job made.
    func publish(contentsOf path: String, transfer: ArtifactTransfer) async throws -> ArtifactID

    /// Starts to store a file that arrives in pieces, of at most `limit` bytes.
    func beginUpload(limit: Int) async throws -> any ArtifactUpload

    /// What a job has published so far.
    func manifest(of job: JobID) async throws -> JobManifest?

    /// Changes a job's manifest; throws `staleFence` where a later attempt has written it.
    @discardableResult
    func updateManifest(
        of job: JobID, fence: Fence, _ change: @escaping @Sendable (inout JobManifest) -> Void
    ) async throws -> JobManifest

    /// The path of a stored file or folder; throws `notFound`. One look at the disk, so callable from anywhere.
    func path(of id: ArtifactID) throws -> String

    func describe(_ id: ArtifactID) async throws -> ArtifactDescription

    /// The files of a folder artifact, sorted; none for a file.
    func entries(of id: ArtifactID) async throws -> [ArtifactEntry]

    /// Opens an artifact that is a file, or a file of a folder artifact.
    func open(_ id: ArtifactID, entry: String?) async throws -> ArtifactReader

    /// In the order of their ids.
    func list(after id: ArtifactID?, limit: Int) async throws -> [ArtifactDescription]

    /// A folder kept between the attempts of a job, on the store's volume; made if missing.
    func workspace(of job: JobID) throws -> String

    /// Removes a job's workspace; it may be missing.
    func removeWorkspace(of job: JobID) async throws
}

/// How publishing takes its source.
public enum ArtifactTransfer: Sendable, Hashable {
    /// The source stays as it is.
    case copy
    /// The source is gone afterwards. A rename where it is on the store's volume.
    case move
}

/// A file on its way into a store. One caller at a time.
public protocol ArtifactUpload: Sendable {
    func write(_ bytes: [UInt8]) async throws
    /// Ends the file and publishes it.
    func finish() async throws -> ArtifactID
    /// Drops what has arrived; harmless after `finish`.
    func abandon() async
}

extension ArtifactStore {
    /// Stores a stream of bytes as a file of at most `limit` bytes; throws `tooLarge` beyond, keeping nothing.
    public func store<Bytes: AsyncSequence>(_ bytes: Bytes, limit: Int) async throws -> ArtifactID
    where Bytes.Element: Collection<UInt8> {
        let upload = try await beginUpload(limit: limit)
        do {
            for try await piece in bytes { try await upload.write(Array(piece)) }
            return try await upload.finish()
        } catch {
            await upload.abandon()
            throw error
        }
    }
}
