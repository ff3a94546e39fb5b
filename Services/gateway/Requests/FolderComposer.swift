// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Glibc
import Hummingbird
import Messages

/// Makes one folder artifact out of files that are in the store already.
struct FolderComposer: Sendable {
    let store: any ArtifactStore
    let limits: Limits

    /// The body of the request: names in the folder, and the files to put there.
    struct Order: Codable, Sendable {
        var files: [String: ArtifactID]
    }

    func compose(_ order: Order) async throws -> ArtifactID {
        try check(order)
        try await checkFiles(order)
        // A workspace is on the store's volume and is swept when its owner died.
        let owner = JobID("folder-\(HexadecimalText.random(bytes: 12))")
        let folder = try store.workspace(of: owner)
        do {
            for (name, id) in order.files.sorted(by: { $0.key < $1.key }) {
                try place(store.path(of: id), at: "\(folder)/content/\(name)", in: folder)
            }
            let id = try await store.publish(contentsOf: "\(folder)/content", transfer: .copy)
            try await store.removeWorkspace(of: owner)
            return id
        } catch {
            try? await store.removeWorkspace(of: owner)
            throw error
        }
    }

    private func check(_ order: Order) throws(Problem) {
        guard !order.files.isEmpty, order.files.count <= limits.folderFiles else {
            throw .invalid("invalid-value", "files: name 1 to \(limits.folderFiles) files", field: "files")
        }
        for name in order.files.keys.sorted() {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            let isGood =
                name.utf8.count <= 1024 && parts.count <= 16
                && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
                && name.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            guard isGood else {
                throw .invalid(
                    "bad-name", "files: a name is empty, absolute, too long, or has \"..\" or control characters",
                    field: "files")
            }
        }
    }

    private func checkFiles(_ order: Order) async throws {
        for id in Set(order.files.values) {
            let description = try? await store.describe(id)
            guard let description, !description.isFolder else {
                throw Problem.invalid(
                    "unknown-artifact", "files: an id is no file of the store; upload it first with POST /v1/files",
                    field: "files")
            }
        }
    }

    /// Links a stored file into the folder: no byte is copied before it is published.
    private func place(_ source: String, at target: String, in folder: String) throws {
        let parent = String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)])
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        if link(source, target) == 0 { return }
        try FileManager.default.copyItem(atPath: source, toPath: target)
    }
}
