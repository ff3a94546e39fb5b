// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The right to write in a folder of repacked weights; given back with the last reference, or the process.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Waits until no other process and no other part of this one has it.
    init(_ folder: String) throws(FileError) {
        let path = "\(folder)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let error = Self.failure(path)
                _ = close(descriptor)
                throw error
            }
        }
    }

    deinit { _ = close(descriptor) }

    private static func failure(_ path: String) -> FileError {
        FileError(
            .unwritable, path,
            "cannot be locked: \(String(cString: strerror(errno))); check that the folder exists and is writable")
    }
}
