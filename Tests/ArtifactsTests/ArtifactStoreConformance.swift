// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Messages
import Testing

/// What every artifact store must do. A store's test suite calls each check with a store of its own.
struct ArtifactStoreConformance {
    let store: any ArtifactStore
    let folder: TemporaryFolder

    static let job = JobID("job-1")

    func sameContentIsOneArtifact() async throws {
        let first = try await store.publish(contentsOf: folder.write("a.txt", "fever"), transfer: .copy)
        let second = try await store.publish(contentsOf: folder.write("b.txt", "fever"), transfer: .move)
        // printf fever | sha256sum
        #expect(first.rawValue == "sha256:1e44a1c45388c81c1a4bba7c14aa8d54cf11d442c99efc62a68d103cfdd308b8")
        #expect(first == second)
        #expect(try Data(contentsOf: URL(filePath: store.path(of: first))) == Data("fever".utf8))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/b.txt"))
        #expect(FileManager.default.fileExists(atPath: folder.path + "/a.txt"))
        #expect(try await store.list(after: nil, limit: 10).map(\.id) == [first])
    }

    func foldersHaveTheDigestOfTheirTable() async throws {
        _ = try folder.write("model/config.json", "{}")
        _ = try folder.write("model/deep/weights", String(repeating: "w", count: 100_000))
        let id = try await store.publish(contentsOf: folder.path + "/model", transfer: .copy)
        #expect(
            try await store.entries(of: id) == [
                ArtifactEntry(path: "config.json", size: 2), ArtifactEntry(path: "deep/weights", size: 100_000),
            ])
        let description = try await store.describe(id)
        #expect(description.isFolder && description.size == 100_002 && description.created > 1_600_000_000_000)
        // The same files under the same names by another way; an empty folder does not count.
        try FileManager.default.createDirectory(
            atPath: folder.path + "/model/empty", withIntermediateDirectories: false)
        #expect(try await store.publish(contentsOf: folder.path + "/model", transfer: .move) == id)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/model"))
        // Another name is another artifact.
        _ = try folder.write("model/config.JSON", "{}")
        _ = try folder.write("model/deep/weights", String(repeating: "w", count: 100_000))
        #expect(try await store.publish(contentsOf: folder.path + "/model", transfer: .copy) != id)
    }

    func whatIsNotThereIsNotFound() async throws {
        let missing = ArtifactID("sha256:" + String(repeating: "0", count: 64))
        for id in [missing, ArtifactID("sha256:../../etc/passwd"), ArtifactID("")] {
            #expect(throws: ArtifactError.self) { try store.path(of: id) }
            await #expect(throws: ArtifactError.self) { try await store.open(id, entry: nil) }
        }
        await expect(.notFound) {
            try await store.publish(contentsOf: folder.path + "/missing", transfer: .copy)
        }
    }

    func linksAndDevicesAreRefused() async throws {
        _ = try folder.write("secret", "s")
        _ = try folder.write("model/a", "a")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/model/link", withDestinationPath: folder.path + "/secret")
        await expect(.badName) { try await store.publish(contentsOf: folder.path + "/model", transfer: .copy) }
        await expect(.badName) { try await store.publish(contentsOf: folder.path + "/model/link", transfer: .copy) }
        await expect(.badName) { try await store.publish(contentsOf: "/dev/null", transfer: .copy) }
        #expect(try await store.list(after: nil, limit: 10).isEmpty)
    }

    func entriesCanNotLeadOut() async throws {
        _ = try folder.write("model/a", "inside")
        let id = try await store.publish(contentsOf: folder.path + "/model", transfer: .copy)
        #expect(try await bytes(store.open(id, entry: "a")) == Array("inside".utf8))
        for name in ["../a", "a/../../a", "/etc/passwd", "", ".", "a\n"] {
            await expect(.badName) { try await store.open(id, entry: name) }
        }
        await expect(.notFound) { try await store.open(id, entry: "b") }
        await expect(.badName) { try await store.open(id, entry: nil) }
    }

    func uploadsArriveInPieces() async throws {
        let pieces = (0..<20).map { index in [UInt8](repeating: UInt8(index), count: 50_000) }
        let id = try await store.store(AsyncStream(pieces), limit: 1_000_000)
        #expect(try await bytes(store.open(id, entry: nil)) == pieces.flatMap { $0 })
        #expect(try await store.open(id, entry: nil).size == 1_000_000)
        await expect(.tooLarge) { try await store.store(AsyncStream(pieces), limit: 999_999) }
        let abandoned = try await store.beginUpload(limit: 10)
        try await abandoned.write([1])
        await abandoned.abandon()
        #expect(try await store.list(after: nil, limit: 10).map(\.id) == [id])
    }

    func laterAttemptsWin() async throws {
        let job = Self.job
        #expect(try await store.manifest(of: job) == nil)
        let one = try await store.publish(
            contentsOf: folder.write("a", "1"), transfer: .copy, for: job, fence: Fence(1), name: "model")
        let two = try await store.publish(
            contentsOf: folder.write("a", "2"), transfer: .copy, for: job, fence: Fence(2), name: "model")
        #expect(one != two)
        await expect(.staleFence) {
            try await store.publish(
                contentsOf: folder.write("a", "3"), transfer: .copy, for: job, fence: Fence(1), name: "model")
        }
        #expect(try await store.list(after: nil, limit: 10).count == 2)
        let manifest = try #require(try await store.manifest(of: job))
        #expect(manifest.items == [.init(name: "model", artifact: two)])
        #expect(manifest.fence == Fence(2))
        let result = JobResult(status: .succeeded, output: ["model": .string(two.rawValue)], artifacts: [two])
        try await store.updateManifest(of: job, fence: Fence(2)) { $0.result = result }
        await expect(.staleFence) {
            try await store.updateManifest(of: job, fence: Fence(1)) { $0.result = nil }
        }
        // The next attempt finds what the last had finished.
        #expect(try await store.manifest(of: job)?.result == result)
    }

    func manyPublishersOfOneContentAgree() async throws {
        _ = try folder.write("model/a", String(repeating: "x", count: 10_000))
        let path = folder.path + "/model"
        let ids = try await withThrowingTaskGroup(of: ArtifactID.self) { group in
            for index in 0..<16 {
                group.addTask {
                    try await store.publish(
                        contentsOf: path, transfer: .copy, for: JobID("job-\(index % 4)"), fence: Fence(1), name: "m")
                }
            }
            return try await group.reduce(into: Set<ArtifactID>()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
        #expect(try await store.list(after: nil, limit: 10).count == 1)
    }

    func listsAreInPages() async throws {
        for index in 0..<5 { _ = try await store.publish(contentsOf: folder.write("a", "\(index)"), transfer: .copy) }
        let first = try await store.list(after: nil, limit: 3)
        let second = try await store.list(after: first.last?.id, limit: 3)
        #expect(first.count == 3 && second.count == 2)
        #expect((first + second).map(\.id) == (first + second).map(\.id).sorted())
    }

    func workspacesStayUntilRemoved() async throws {
        let path = try store.workspace(of: Self.job)
        try Data("step 3".utf8).write(to: URL(filePath: path + "/checkpoint"))
        #expect(try store.workspace(of: Self.job) == path)
        #expect(FileManager.default.fileExists(atPath: path + "/checkpoint"))
        try await store.removeWorkspace(of: Self.job)
        #expect(!FileManager.default.fileExists(atPath: path))
        try await store.removeWorkspace(of: Self.job)
        for name in ["..", ".", "", "a/b", "../x"] {
            #expect(throws: ArtifactError.self) { try store.workspace(of: JobID(name)) }
        }
    }

    // MARK: Aids

    func expect<Value>(
        _ code: ArtifactError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ body: () async throws -> Value
    ) async {
        let error = await #expect(throws: ArtifactError.self, sourceLocation: sourceLocation) { _ = try await body() }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }

    func bytes(_ reader: ArtifactReader) async throws -> [UInt8] {
        var all: [UInt8] = []
        for try await piece in reader { all += piece }
        return all
    }
}

extension AsyncStream where Element: Sendable {
    init(_ elements: [Element]) {
        self.init { continuation in
            for element in elements { continuation.yield(element) }
            continuation.finish()
        }
    }
}
