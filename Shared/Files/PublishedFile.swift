// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Writes a file beside its final name, syncs it, renames it, and syncs the folder: a reader sees all of it or none.
public struct PublishedFile: ~Copyable {
    private let path: String
    private let aside: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isOpen = true
    /// Bytes written so far.
    public private(set) var byteCount = 0

    /// Opens the file beside `path`, under a name that no other writer has. The folder must exist.
    public init(path: String) throws {
        self.path = path
        aside = path + ".\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
        descriptor = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be created") }
    }

    deinit {
        if isOpen {
            _ = close(descriptor)
            _ = unlink(aside)
        }
    }

    /// Appends bytes; they are on disk only after ``publish()``.
    public mutating func write(_ bytes: UnsafeRawBufferPointer) throws {
        byteCount += bytes.count
        if bytes.count < 1 << 16 {
            buffer.append(contentsOf: bytes)
            if buffer.count >= 1 << 18 { try flush() }
        } else {
            try flush()
            try put(bytes)
        }
    }

    /// Appends bytes; they are on disk only after ``publish()``.
    public mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try write($0) }
    }

    /// Makes the file visible under its name, durably.
    public consuming func publish() throws {
        try flush()
        guard fsync(descriptor) == 0 else { throw Self.failure(path, "cannot be synced to disk") }
        guard close(descriptor) == 0 else { throw Self.failure(path, "cannot be closed") }
        isOpen = false
        guard rename(aside, path) == 0 else {
            let error = Self.failure(path, "cannot be renamed into place")
            _ = unlink(aside)
            throw error
        }
        let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
        try Self.syncFolder(slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? ".")
    }

    /// Writes `bytes` to `path`, all or nothing.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        var file = try PublishedFile(path: path)
        try file.write(bytes)
        try file.publish()
    }

    /// Publishes what `body` writes; if it throws, nothing appears and what was there stays.
    public static func write(to path: String, _ body: (inout PublishedFile) throws -> Void) throws {
        var file = try PublishedFile(path: path)
        try body(&file)
        try file.publish()
    }

    /// Makes the names in a folder durable.
    public static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder, "cannot be opened to sync it") }
        defer { _ = close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder, "cannot be synced to disk") }
    }

    private mutating func flush() throws {
        guard !buffer.isEmpty else { return }
        let full = buffer
        buffer.removeAll(keepingCapacity: true)
        try full.withUnsafeBytes { try put($0) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while let base = rest.baseAddress, !rest.isEmpty {
            // The C function is named through its module, as a method here has the same name.
            let count = systemWrite(descriptor, base, rest.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Self.failure(path, "cannot be written") }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private static func failure(_ path: String, _ what: String) -> FileError {
        let reason = String(cString: strerror(errno))
        return FileError(
            .unwritable, path, "\(what): \(reason); check that the folder exists, is writable, has room")
    }
}

private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
