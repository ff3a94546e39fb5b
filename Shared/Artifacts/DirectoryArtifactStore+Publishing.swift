// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Messages

extension DirectoryArtifactStore {
    public func publish(
        contentsOf path: String, transfer: ArtifactTransfer, for job: JobID, fence: Fence, name: String
    ) async throws -> ArtifactID {
        try await OwnThread.run {
            // Refused before the bytes are moved: a stale attempt must not spend its successor's disk.
            try changeManifest(of: job, fence: fence) { _ in }
            let id = try publishNow(path, transfer)
            try changeManifest(of: job, fence: fence) { manifest in
                manifest.items.removeAll { $0.name == name }
                manifest.items.append(JobManifest.Item(name: name, artifact: id))
            }
            return id
        }
    }

    public func publish(contentsOf path: String, transfer: ArtifactTransfer) async throws -> ArtifactID {
        try await OwnThread.run { try publishNow(path, transfer) }
    }

    func publishNow(_ path: String, _ transfer: ArtifactTransfer) throws -> ArtifactID {
        try makeFolders()
        let tree = try SourceTree(path)
        if transfer == .move, isOnOurVolume(path) {
            let id = try seal(tree)
            try settle(path, as: id)
            return id
        }
        let aside = "\(incoming)/\(FileSystem.randomName())"
        do {
            let id = try copy(tree, to: aside)
            try settle(aside, as: id)
            if transfer == .move { try FileSystem.remove(path) }
            return id
        } catch {
            try? FileSystem.remove(aside)
            throw error
        }
    }

    /// Renames what is whole and synced into its place; drops it where the same content is there already.
    func settle(_ path: String, as id: ArtifactID) throws {
        let destination = place(of: id)
        if FileSystem.exists(destination) {
            guard FileSystem.isFolder(destination) == FileSystem.isFolder(path) else {
                throw ArtifactError(
                    .malformed, operation: "publish",
                    detail: "\(destination): is a file made to look like a folder's table; remove it and publish again")
            }
            try FileSystem.remove(path)
            return
        }
        if Glibc.rename(path, destination) != 0 {
            // Another process published the same folder a moment before.
            guard errno == EEXIST || errno == ENOTEMPTY else {
                throw ArtifactError.system(errno, operation: "publish", path: destination)
            }
            try FileSystem.remove(path)
        }
        try FileSystem.synchronizeFolder("\(root)/sha256")
    }

    private func isOnOurVolume(_ path: String) -> Bool {
        var source = stat()
        var ours = stat()
        return lstat(path, &source) == 0 && stat(incoming, &ours) == 0 && source.st_dev == ours.st_dev
    }

    /// Digests files where they are, syncs them and takes the right to write them.
    private func seal(_ tree: SourceTree) throws -> ArtifactID {
        var table = FolderTable()
        for file in tree.files {
            let source = try FileDescriptor(
                tree.absolute(file), O_RDONLY | O_NOFOLLOW, operation: "publish")
            let (id, size) = try digest(source, into: nil)
            guard tree.isFolder else { return id }
            table.add(path: file.path, id: id, size: size)
        }
        for folder in tree.folders.reversed() { try FileSystem.synchronizeFolder("\(tree.root)/\(folder)") }
        try FileSystem.synchronizeFolder(tree.root)
        return try table.id()
    }

    private func copy(_ tree: SourceTree, to aside: String) throws -> ArtifactID {
        var table = FolderTable()
        if tree.isFolder { try FileSystem.makeFolder(aside) }
        for folder in tree.folders { try FileSystem.makeFolder("\(aside)/\(folder)") }
        for file in tree.files {
            let source = try FileDescriptor(tree.absolute(file), O_RDONLY | O_NOFOLLOW, operation: "publish")
            let target = try FileDescriptor(
                tree.isFolder ? "\(aside)/\(file.path)" : aside, O_WRONLY | O_CREAT | O_EXCL, operation: "publish")
            let (id, size) = try digest(source, into: target)
            guard tree.isFolder else { return id }
            table.add(path: file.path, id: id, size: size)
        }
        for folder in tree.folders.reversed() { try FileSystem.synchronizeFolder("\(aside)/\(folder)") }
        try FileSystem.synchronizeFolder(aside)
        return try table.id()
    }

    /// Digests a file, copying it if asked; what stays is synced and read-only.
    private func digest(
        _ source: FileDescriptor, into target: FileDescriptor?
    ) throws -> (id: ArtifactID, size: Int) {
        let digest = try ContentDigest()
        var size = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = try source.read(into: buffer)
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            digest.update(piece)
            try target?.write(piece)
            size += count
        }
        let kept = target ?? source
        _ = fchmod(kept.number, 0o444)
        try kept.synchronize()
        return (digest.finish(), size)
    }
}

/// The text whose digest is a folder's.
private struct FolderTable {
    private var text = "mellama-folder 1\n"

    mutating func add(path: String, id: ArtifactID, size: Int) { text += "\(size) \(id.digest) \(path)\n" }

    func id() throws -> ArtifactID { try ContentDigest.of(text.utf8) }
}
