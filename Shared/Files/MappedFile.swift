// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A read-only view of a whole file, paged in by the system as it is read.
///
/// The file must not be cut short while it is mapped; datasets are immutable once published. `bytes` are valid only
/// while the object lives: whoever keeps them keeps it, or uses them inside `withExtendedLifetime`.
// Unchecked, as the pointer is to memory that is never written and lives until deinit.
public final class MappedFile: @unchecked Sendable {
    /// The path as it was given.
    public let path: String
    /// The bytes; empty for an empty file.
    public let bytes: UnsafeRawBufferPointer
    /// Whether the bytes are a file's, which can be read again, and not a copy in memory.
    private let isFile: Bool

    /// Maps a file; one of more than `largest` bytes is refused.
    public init(path: String, largest: Int = Int.max) throws(FileError) {
        self.path = path
        isFile = true
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path, "cannot be opened") }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, "cannot be examined") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(.unreadable, path, "is not a regular file; name a file, not a folder or a device")
        }
        let size = Int(status.st_size)
        guard size <= largest else {
            throw FileError(.tooLarge, path, "has \(size) bytes, more than the \(largest) such a file may have")
        }
        if size == 0 {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let base = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
            throw Self.failure(path, "cannot be mapped into memory")
        }
        bytes = UnsafeRawBufferPointer(start: base, count: size)
    }

    /// A copy of `contents` in memory of its own, in place of a file.
    public init(contents: [UInt8], named path: String) throws(FileError) {
        self.path = path
        isFile = false
        guard !contents.isEmpty else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let base = mmap(nil, contents.count, PROT_READ | PROT_WRITE, flags, -1, 0), base != MAP_FAILED else {
            throw Self.failure(path, "cannot be held in memory")
        }
        contents.withUnsafeBytes { UnsafeMutableRawBufferPointer(start: base, count: $0.count).copyMemory(from: $0) }
        bytes = UnsafeRawBufferPointer(start: base, count: contents.count)
    }

    /// A copy of a small file's bytes; one of more than `largest` bytes is refused.
    public static func contents(path: String, largest: Int) throws(FileError) -> [UInt8] {
        let file = try MappedFile(path: path, largest: largest)
        return withExtendedLifetime(file) { [UInt8]($0.bytes) }
    }

    /// Gives the memory of the pages read so far back; they are read from the file again when they are needed.
    public func release() {
        guard isFile, let base = bytes.baseAddress else { return }
        _ = madvise(UnsafeMutableRawPointer(mutating: base), bytes.count, MADV_DONTNEED)
    }

    deinit {
        if let base = bytes.baseAddress { _ = munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    private static func failure(_ path: String, _ what: String) -> FileError {
        let reason = String(cString: strerror(errno))
        return FileError(.unreadable, path, "\(what): \(reason); check the path and its permissions")
    }
}
