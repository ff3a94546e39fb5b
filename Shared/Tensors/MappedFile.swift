// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file's bytes, mapped read-only while this object lives.
///
/// Invariant behind `@unchecked Sendable`: the mapping never changes after `init`. The file must not be truncated by
/// others while mapped; files this project publishes are replaced by rename, never rewritten.
public final class MappedFile: @unchecked Sendable {
    /// The path as it was given.
    public let path: String
    /// The bytes; empty for an empty file.
    public let bytes: UnsafeRawBufferPointer

    /// Maps the file at `path`. Throws `unreadableFile` naming the path and the system's reason.
    public init(path: String) throws(TensorError) {
        self.path = path
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure("measure", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TensorError(.unreadableFile, "\(path) is no regular file")
        }
        let size = Int(status.st_size)
        guard size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
            throw Self.failure("map", path)
        }
        bytes = UnsafeRawBufferPointer(start: memory, count: size)
    }

    deinit {
        if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    }

    private static func failure(_ operation: String, _ path: String) -> TensorError {
        TensorError(.unreadableFile, "cannot \(operation) \(path): \(String(cString: strerror(errno)))")
    }
}
