// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
import Glibc

/// A file that appears whole or not at all: written aside, synced, renamed into place, and its folder synced.
public struct PublishedFile: ~Copyable {
    private let target: URL
    private let aside: String
    private let descriptor: Int32
    private var finished = false

    /// Opens a file beside `target`. Throws `unwritable` naming the path and the system's reason.
    private init(_ target: URL) throws {
        self.target = target
        let folder = target.deletingLastPathComponent()
        aside = folder.appending(path: ".\(target.lastPathComponent).\(getpid()).\(UInt32.random(in: 0 ... .max))").path
        descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("create", target.path) }
    }

    deinit {
        if !finished {
            close(descriptor)
            unlink(aside)
        }
    }

    /// Publishes what `body` writes; if it throws, nothing appears and what was there stays.
    public static func write(to target: URL, _ body: (borrowing PublishedFile) throws -> Void) throws {
        var file = try PublishedFile(target)
        try body(file)
        try file.publish()
    }

    /// Publishes these bytes.
    public static func write(_ data: Data, to target: URL) throws {
        try write(to: target) { file in
            try data.withUnsafeBytes { try file.append($0) }
        }
    }

    /// Writes bytes at the end. Throws `unwritable`, for instance when the disk is full.
    public borrowing func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            let count = Glibc.write(descriptor, base, min(rest.count, 1 << 30))
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failure("write", target.path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private mutating func publish() throws {
        guard fsync(descriptor) == 0 else { throw Self.failure("sync", target.path) }
        finished = true
        guard close(descriptor) == 0, rename(aside, target.path) == 0 else {
            let error = Self.failure("publish", target.path)
            unlink(aside)
            throw error
        }
        try Self.syncFolder(target.deletingLastPathComponent())
    }

    /// Makes the names in a folder durable.
    public static func syncFolder(_ folder: URL) throws {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder.path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("sync", folder.path) }
    }

    private static func failure(_ operation: String, _ path: String) -> CheckpointError {
        CheckpointError(.unwritable, "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
