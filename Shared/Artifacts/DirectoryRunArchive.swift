// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The archive beside the artifacts of a stack, on the volume that all its services share.
///
/// ```
/// <root>/runs/<run or job>/manifest.json   what became of it (`RunManifest`)
/// <root>/followed/<namespace>              the last event of a queue that was taken into account
/// ```
public struct DirectoryRunArchive: RunArchive {
    /// More than a run of 256 stages with 10,000 events writes.
    private static let manifestLimit = 64 << 20

    private let root: String

    /// The archive of an artifact store's folder.
    public init(root: String) { self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root }

    private var runs: String { "\(root)/runs" }

    private func folder(of id: String) throws -> String {
        guard JobID(id).isWellFormed, !id.hasPrefix(".") else {
            throw ArtifactError(
                .badName, operation: "archive",
                detail: "the id is no plain name; use letters, digits, \".\", \"_\" and \"-\"")
        }
        return "\(runs)/\(id)"
    }

    public func record(_ manifest: RunManifest) async throws {
        try await OwnThread.run {
            let folder = try folder(of: manifest.id)
            try FileSystem.makeFolder(folder)
            try FileSystem.replace("\(folder)/manifest.json", with: Array(MessageEncoder.encode(manifest)))
        }
    }

    public func manifest(_ id: String) async throws -> RunManifest? {
        guard holds(id) else { return nil }
        return try await OwnThread.run {
            try FileSystem.readManifest(
                "\(try folder(of: id))/manifest.json", limit: Self.manifestLimit, remedy: "remove it")
        }
    }

    public func holds(_ id: String) -> Bool {
        (try? folder(of: id)).map { FileSystem.exists("\($0)/manifest.json") } ?? false
    }

    public func list(after id: String?, limit: Int) async throws -> [String] {
        try await OwnThread.run {
            guard FileSystem.isFolder(runs) else { return [] }
            // Ids begin with the time at which they were made.
            let names = try FileSystem.names(in: runs).reversed().filter { name in id.map { name < $0 } ?? true }
            return Array(names.prefix(max(0, limit)))
        }
    }

    public func remove(_ id: String) async throws {
        try await OwnThread.run {
            let folder = try folder(of: id)
            guard FileSystem.exists(folder) else { return }
            try FileSystem.remove(folder)
            try FileSystem.synchronizeFolder(runs)
        }
    }

    private func cursorFile(_ namespace: String) -> String {
        let name = namespace.utf8.map { byte in
            JobID(String(decoding: [byte], as: UTF8.self)).isWellFormed && byte != UInt8(ascii: ".")
                ? String(decoding: [byte], as: UTF8.self) : ".\(String(byte, radix: 16))."
        }
        return "\(root)/followed/" + name.joined()
    }

    public func cursor(of namespace: String) async throws -> String? {
        try await OwnThread.run {
            do {
                return String(decoding: try FileSystem.read(cursorFile(namespace), limit: 256), as: UTF8.self)
            } catch let error as ArtifactError where error.code == .notFound {
                return nil
            }
        }
    }

    public func saveCursor(_ cursor: String, of namespace: String) async throws {
        try await OwnThread.run {
            // The manifests are synced, each in its folder; the folders' names are synced here, once for all.
            if FileSystem.isFolder(runs) { try FileSystem.synchronizeFolder(runs) }
            try FileSystem.makeFolder("\(root)/followed")
            try FileSystem.replace(cursorFile(namespace), with: Array(cursor.utf8))
        }
    }
}
