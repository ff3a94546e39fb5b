// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// An open file that closes itself, with errors that name the file and the remedy.
///
/// Unchecked: the number never changes, and the kernel's calls on it are safe from any thread; who reads or writes at
/// its position is one task at a time.
final class FileDescriptor: @unchecked Sendable {
    let number: Int32
    let path: String

    init(_ path: String, _ flags: Int32, mode: mode_t = 0o644, operation: String) throws(ArtifactError) {
        let number = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard number >= 0 else { throw .system(errno, operation: operation, path: path) }
        self.number = number
        self.path = path
    }

    deinit { Glibc.close(number) }

    /// Reads up to `count` bytes from the current place; empty at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArtifactError) -> Int {
        while true {
            let count = Glibc.read(number, buffer.baseAddress, buffer.count)
            if count >= 0 { return count }
            guard errno == EINTR else { throw .system(errno, operation: "read", path: path) }
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArtifactError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(number, rest.baseAddress, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno != EINTR {
                throw .system(errno, operation: "write", path: path)
            }
        }
    }

    func synchronize() throws(ArtifactError) {
        guard fsync(number) == 0 else { throw .system(errno, operation: "write", path: path) }
    }
}

extension ArtifactError {
    /// The operating system's refusal, with the remedy where there is one.
    static func system(_ number: Int32, operation: String, path: String) -> ArtifactError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            return ArtifactError(
                .noSpace, operation: operation,
                detail: "\(path): \(reason); free space on that volume, then retry the job")
        case ENOENT, ENOTDIR:
            return ArtifactError(.notFound, operation: operation, detail: "\(path): no such file or folder")
        case ELOOP:
            return ArtifactError(.badName, operation: operation, detail: "\(path): is a link; give what it points to")
        case EACCES, EPERM, EROFS:
            return ArtifactError(
                .storage, operation: operation, detail: "\(path): \(reason); give this user the right to it")
        default:
            return ArtifactError(.storage, operation: operation, detail: "\(path): \(reason)")
        }
    }
}
