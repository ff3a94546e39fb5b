// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages

/// The regular files of a file or folder, found without following a link.
struct SourceTree {
    struct File {
        /// Relative to the folder; empty where the source is itself a file.
        let path: String
        let size: Int
    }

    /// More files than this are refused.
    static let maximumFiles = 100_000
    static let maximumDepth = 32

    let root: String
    let isFolder: Bool
    /// In the order of the paths' bytes.
    private(set) var files: [File] = []
    /// Relative, parents first.
    private(set) var folders: [String] = []

    init(_ root: String) throws {
        self.root = root
        let status = try Self.status(root)
        isFolder = status.st_mode & S_IFMT == S_IFDIR
        if isFolder {
            try walk("", depth: 0)
            files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
        } else {
            try Self.requireFile(status, root)
            files = [File(path: "", size: Int(status.st_size))]
        }
    }

    func absolute(_ file: File) -> String { file.path.isEmpty ? root : "\(root)/\(file.path)" }

    private mutating func walk(_ folder: String, depth: Int) throws {
        let path = folder.isEmpty ? root : "\(root)/\(folder)"
        guard depth <= Self.maximumDepth else {
            throw ArtifactError(
                .tooLarge, operation: "publish", detail: "\(path): folders nested more than \(Self.maximumDepth) deep")
        }
        for name in try FileSystem.names(in: path) {
            let relative = folder.isEmpty ? name : "\(folder)/\(name)"
            try Self.checkName(relative)
            let status = try Self.status("\(root)/\(relative)")
            if status.st_mode & S_IFMT == S_IFDIR {
                folders.append(relative)
                try walk(relative, depth: depth + 1)
            } else {
                try Self.requireFile(status, "\(root)/\(relative)")
                files.append(File(path: relative, size: Int(status.st_size)))
            }
            guard files.count + folders.count <= Self.maximumFiles else {
                throw ArtifactError(
                    .tooLarge, operation: "publish", detail: "\(root): more than \(Self.maximumFiles) files")
            }
        }
    }

    private static func status(_ path: String) throws -> stat {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            throw ArtifactError.system(errno, operation: "publish", path: path)
        }
        return status
    }

    private static func requireFile(_ status: stat, _ path: String) throws {
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ArtifactError(
                .badName, operation: "publish",
                detail: "\(path): is a link or a device; an artifact holds only files and folders")
        }
    }

    /// Throws `badName` for a relative path that could lead out of its folder, or that no terminal should print.
    static func checkName(_ path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let isGood =
            !path.isEmpty && path.utf8.count <= 1024
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255 }
            && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        guard isGood else {
            throw ArtifactError(
                .badName, operation: "publish",
                detail: "a name inside an artifact is empty, absolute, too long, or has \"..\" or control characters")
        }
    }
}
