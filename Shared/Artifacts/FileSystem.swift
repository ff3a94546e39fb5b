// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// The few file operations that publishing needs, each with an error that names the path.
package enum FileSystem {
    /// Makes a folder and the ones above it; those that exist are left alone.
    package static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o755) == 0 || errno == EEXIST {
            guard isFolder(path) else {
                throw ArtifactError(.storage, operation: "make folder", detail: "\(path): is a file, not a folder")
            }
            return
        }
        guard errno == ENOENT, let parent = parent(of: path) else {
            throw ArtifactError.system(errno, operation: "make folder", path: path)
        }
        try makeFolder(parent)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw ArtifactError.system(errno, operation: "make folder", path: path)
        }
    }

    package static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return nil }
        return String(path[..<slash])
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// The names in a folder, sorted.
    package static func names(in path: String) throws -> [String] {
        guard let folder = opendir(path) else {
            throw ArtifactError.system(errno, operation: "list", path: path)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Removes a file, or a folder with all in it; links are removed, not followed.
    package static func remove(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw ArtifactError.system(errno, operation: "remove", path: path)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            for name in try names(in: path) { try remove("\(path)/\(name)") }
            guard rmdir(path) == 0 || errno == ENOENT else {
                throw ArtifactError.system(errno, operation: "remove", path: path)
            }
        } else {
            guard unlink(path) == 0 || errno == ENOENT else {
                throw ArtifactError.system(errno, operation: "remove", path: path)
            }
        }
    }

    package static func move(_ source: String, to destination: String) throws {
        guard Glibc.rename(source, destination) == 0 else {
            throw ArtifactError.system(errno, operation: "publish", path: destination)
        }
    }

    /// Makes names in a folder durable.
    package static func synchronizeFolder(_ path: String) throws {
        try FileDescriptor(path, O_RDONLY | O_DIRECTORY, operation: "write").synchronize()
    }

    /// Writes a file aside, syncs it, and renames it into place: readers see the old content or the new, never less.
    package static func replace(_ path: String, with bytes: [UInt8]) throws {
        let aside = "\(path).\(randomName()).aside"
        do {
            let file = try FileDescriptor(aside, O_WRONLY | O_CREAT | O_EXCL, operation: "write")
            try bytes.withUnsafeBytes { (raw) throws in try file.write(raw) }
            try file.synchronize()
            try move(aside, to: path)
        } catch {
            unlink(aside)
            throw error
        }
        try synchronizeFolder(parent(of: path) ?? (path.hasPrefix("/") ? "/" : "."))
    }

    /// The whole of a file of at most `limit` bytes.
    package static func read(_ path: String, limit: Int) throws -> [UInt8] {
        let file = try FileDescriptor(path, O_RDONLY, operation: "read")
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = try buffer.withUnsafeMutableBytes { (raw) throws in try file.read(into: raw) }
            if count == 0 { return bytes }
            guard bytes.count + count <= limit else {
                throw ArtifactError(.tooLarge, operation: "read", detail: "\(path): holds more than \(limit) bytes")
            }
            bytes += buffer[..<count]
        }
    }

    /// A name that no other process uses.
    package static func randomName() -> String {
        let number = UInt64.random(in: .min ... .max)
        return "\(getpid())-" + String(number, radix: 36)
    }
}
