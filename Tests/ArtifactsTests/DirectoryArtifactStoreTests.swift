// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Glibc
import Logging
import Messages
import Testing

@Suite("A directory keeps artifacts as every store must")
struct DirectoryArtifactStoreConformanceTests {
    private func conformance() throws -> ArtifactStoreConformance {
        let folder = try TemporaryFolder()
        let store = DirectoryArtifactStore(root: folder.path + "/store", logger: Logger(label: "test"))
        return ArtifactStoreConformance(store: store, folder: folder)
    }

    @Test func sameContentIsOneArtifact() async throws { try await conformance().sameContentIsOneArtifact() }
    @Test func folders() async throws { try await conformance().foldersHaveTheDigestOfTheirTable() }
    @Test func whatIsNotThereIsNotFound() async throws { try await conformance().whatIsNotThereIsNotFound() }
    @Test func linksAndDevicesAreRefused() async throws { try await conformance().linksAndDevicesAreRefused() }
    @Test func entriesCanNotLeadOut() async throws { try await conformance().entriesCanNotLeadOut() }
    @Test func uploadsArriveInPieces() async throws { try await conformance().uploadsArriveInPieces() }
    @Test func laterAttemptsWin() async throws { try await conformance().laterAttemptsWin() }
    @Test func manyPublishersAgree() async throws { try await conformance().manyPublishersOfOneContentAgree() }
    @Test func listsAreInPages() async throws { try await conformance().listsAreInPages() }
    @Test func workspacesStayUntilRemoved() async throws { try await conformance().workspacesStayUntilRemoved() }
}

@Suite("A directory's files are what its documentation says")
struct DirectoryArtifactStoreTests {
    let folder: TemporaryFolder
    let store: DirectoryArtifactStore

    init() throws {
        folder = try TemporaryFolder()
        store = DirectoryArtifactStore(root: folder.path + "/store/", logger: Logger(label: "test"))
    }

    @Test func digestsAreThoseOfOtherPrograms() async throws {
        // printf abc | sha256sum; FIPS 180-4, example B.1.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let file = try await store.publish(contentsOf: folder.write("x", "abc"), transfer: .copy)
        #expect(file.rawValue == "sha256:\(abc)")
        #expect(try store.path(of: file) == folder.path + "/store/sha256/\(abc)")
        // printf 'mellama-folder 1\n3 ba78…15ad x\n' | sha256sum
        _ = try folder.write("f/x", "abc")
        let tree = try await store.publish(contentsOf: folder.path + "/f", transfer: .copy)
        #expect(tree.digest == "4b7ce6a520cb90ddfa692e81ac51421629e5b40a649ff123be2c29873248ba5c")
    }

    @Test func aFileIsNeverTakenForAFolder() async throws {
        // A file that holds a folder's table has the folder's digest: whoever comes second is refused.
        let file = try await store.publish(contentsOf: folder.write("x", "abc"), transfer: .copy)
        _ = try folder.write("f/x", "abc")
        let table = try folder.write("table", "mellama-folder 1\n3 \(file.digest) x\n")
        let tree = try await store.publish(contentsOf: folder.path + "/f", transfer: .copy)
        let error = await #expect(throws: ArtifactError.self) {
            try await store.publish(contentsOf: table, transfer: .copy)
        }
        #expect(error?.code == .malformed)
        #expect(try await store.describe(tree).isFolder)
    }

    @Test func nothingIsLeftInIncoming() async throws {
        _ = try await store.publish(contentsOf: folder.write("a", "a"), transfer: .copy)
        let upload = try await store.beginUpload(limit: 1)
        await #expect(throws: ArtifactError.self) { try await upload.write([1, 2]) }
        await upload.abandon()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/store/incoming").isEmpty)
    }

    @Test func storedFilesCanNotBeWritten() async throws {
        let id = try await store.publish(contentsOf: folder.write("a", "a"), transfer: .copy)
        var status = stat()
        #expect(try lstat(store.path(of: id), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o444)
    }

    @Test func preparingSweepsWhatTheDeadLeft() async throws {
        try await store.prepare()
        let old = folder.path + "/store/incoming/1-old"
        let new = folder.path + "/store/incoming/1-new"
        for path in [old, new] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            try Data("half".utf8).write(to: URL(filePath: path + "/weights"))
        }
        let past = Date(timeIntervalSinceNow: -100_000)
        try FileManager.default.setAttributes([.modificationDate: past], ofItemAtPath: old)
        try await store.prepare()
        #expect(!FileManager.default.fileExists(atPath: old))
        #expect(FileManager.default.fileExists(atPath: new))
    }

    @Test func aDamagedManifestIsAClearError() async throws {
        try await store.prepare()
        let path = folder.path + "/store/jobs/job-1.json"
        for text in ["", "{", "[]", #"{"job":"job-1"}"#] {
            try Data(text.utf8).write(to: URL(filePath: path))
            let error = await #expect(throws: ArtifactError.self) { try await store.manifest(of: JobID("job-1")) }
            #expect(error?.code == .malformed)
            #expect(error?.detail.contains(path) == true)
        }
    }
}
