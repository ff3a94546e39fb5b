// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Glibc
import Logging
import Messages
import Testing

/// A volume of one megabyte that goes with its last reference; only root may make one.
private final class SmallVolume: Sendable {
    let folder: TemporaryFolder
    var path: String { folder.path + "/volume" }

    static let isPossible: Bool = {
        guard let volume = try? SmallVolume() else { return false }
        return FileManager.default.fileExists(atPath: volume.path)
    }()

    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/volume", withIntermediateDirectories: false)
        guard mount("tmpfs", folder.path + "/volume", "tmpfs", 0, "size=1m") == 0 else {
            throw ArtifactError(.storage, operation: "mount", detail: String(cString: strerror(errno)))
        }
    }

    deinit { umount2(folder.path + "/volume", 2) }
}

@Suite(
    "A full disk is a clear error and leaves nothing half-written",
    .enabled(if: SmallVolume.isPossible, "needs the right to mount a small volume"))
struct FullDiskTests {
    private static func isClean(_ volume: SmallVolume) throws -> Bool {
        let manager = FileManager.default
        return try ["incoming", "sha256"].allSatisfy {
            try manager.contentsOfDirectory(atPath: volume.path + "/store/" + $0).isEmpty
        }
    }

    @Test func publishing() async throws {
        let volume = try SmallVolume()
        let store = DirectoryArtifactStore(root: volume.path + "/store", logger: Logger(label: "test"))
        _ = try volume.folder.write("model/a", "small")
        _ = try volume.folder.write("model/b", String(repeating: "x", count: 2_000_000))
        let error = await #expect(throws: ArtifactError.self) {
            try await store.publish(
                contentsOf: volume.folder.path + "/model", transfer: .move, for: JobID("j"), fence: Fence(1), name: "m")
        }
        #expect(error?.code == .noSpace)
        #expect(error?.detail.contains("free space") == true)
        #expect(try Self.isClean(volume))
        #expect(try await store.manifest(of: JobID("j"))?.items == [])
        // The source is still whole, and what fits is published afterwards.
        #expect(FileManager.default.fileExists(atPath: volume.folder.path + "/model/b"))
        _ = try await store.publish(contentsOf: volume.folder.path + "/model/a", transfer: .copy)
    }

    @Test func uploading() async throws {
        let volume = try SmallVolume()
        let store = DirectoryArtifactStore(root: volume.path + "/store", logger: Logger(label: "test"))
        let pieces = [[UInt8]](repeating: [UInt8](repeating: 7, count: 100_000), count: 30)
        let error = await #expect(throws: ArtifactError.self) {
            try await store.store(AsyncStream(pieces), limit: 10_000_000)
        }
        #expect(error?.code == .noSpace)
        #expect(try Self.isClean(volume))
    }

    @Test func delivering() throws {
        let volume = try SmallVolume()
        let source = try volume.folder.write("big", String(repeating: "x", count: 2_000_000))
        let error = #expect(throws: ArtifactError.self) {
            try FileSystem.deliver(source, to: volume.path + "/out/big")
        }
        #expect(error?.code == .noSpace)
        #expect(try FileManager.default.contentsOfDirectory(atPath: volume.path + "/out").isEmpty)
    }
}
