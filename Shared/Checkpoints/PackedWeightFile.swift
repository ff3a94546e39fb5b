// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// One file of repacked weights in memory: a page that says whose they are, then the weights as they lie in memory.
///
/// The page is known to the byte before the file is opened, and so is the file's size: one that differs in either is no
/// such file and is written anew. The weights themselves are as trusted as the folder, like those in the artifact store.
///
/// Invariant behind `@unchecked Sendable`: written by the one who creates it until `publish`, by nobody from then on.
final class PackedWeightFile: @unchecked Sendable {
    private static let headerBytes = 4096
    /// Addresses that the processor's large pages can begin at.
    private static let alignment = 1 << 21

    /// Where the weights begin, at an address of a page.
    let base: UnsafeMutableRawPointer
    /// Whether the weights were there when it was opened.
    let isWhole: Bool
    private let path: String
    private let size: Int
    private let mapping: UnsafeMutableRawPointer
    /// While it is written: where, and what keeps others from writing.
    private var writing: (descriptor: Int32, path: String, lock: FolderLock)?

    /// Bytes of the file for so many of weights.
    static func size(_ bytes: Int) -> Int { headerBytes + bytes }

    private static func header(_ key: String, _ bytes: Int) -> [UInt8] {
        let text = Array("mellama repacked weights\n\(key)\n\(bytes)\n".utf8)
        return text + [UInt8](repeating: 0, count: headerBytes - text.count)
    }

    /// Maps a file that is there, read-only, and notes that it was used; nil if there is none of this key and size.
    init?(mapping path: String, key: String, bytes: Int) throws(FileError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int(status.st_size) == Self.size(bytes)
        else { return nil }
        var found = [UInt8](repeating: 0, count: Self.headerBytes)
        guard pread(descriptor, &found, found.count, 0) == found.count, found == Self.header(key, bytes) else {
            return nil
        }
        (isWhole, self.path, size) = (true, path, Self.size(bytes))
        mapping = try Self.map(descriptor, size, PROT_READ, MAP_SHARED | MAP_POPULATE, path)
        base = mapping + Self.headerBytes
        // Fails where the folder is read-only: then others decide what is used.
        _ = futimens(descriptor, nil)
    }

    /// Makes a file beside `path`, with room on the disk, to be filled.
    init(creating path: String, key: String, bytes: Int, lock: FolderLock) throws(FileError) {
        let aside = "\(path).\(getpid()).partial"
        let descriptor = open(aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        do throws(FileError) {
            // Room first: a full disk would else end the process when a page is written.
            let status = posix_fallocate(descriptor, 0, off_t(Self.size(bytes)))
            guard status == 0 else { throw Self.failure(path, status) }
            (isWhole, self.path, size) = (false, path, Self.size(bytes))
            mapping = try Self.map(descriptor, size, PROT_READ | PROT_WRITE, MAP_SHARED, path)
        } catch {
            _ = close(descriptor)
            _ = unlink(aside)
            throw error
        }
        base = mapping + Self.headerBytes
        mapping.copyMemory(from: Self.header(key, bytes), byteCount: Self.headerBytes)
        writing = (descriptor, aside, lock)
    }

    deinit {
        stopWriting()
        _ = munmap(mapping, size)
    }

    /// Makes the file visible under its name, durably; its memory can no longer be written. If that fails, the weights
    /// stay in memory until this object goes, and nobody else sees them.
    func publish() throws(FileError) {
        guard let (descriptor, aside, _) = writing else { return }
        defer { stopWriting() }
        _ = mprotect(mapping, size, PROT_READ)
        guard fsync(descriptor) == 0, rename(aside, path) == 0 else { throw Self.failure(path, errno) }
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        do { try PublishedFile.syncFolder(folder) } catch { throw Self.failure(path, errno) }
    }

    private func stopWriting() {
        guard let (descriptor, aside, _) = writing else { return }
        _ = close(descriptor)
        // Gone already once it was renamed.
        _ = unlink(aside)
        writing = nil
    }

    /// Maps a whole file at an address that large pages can begin at.
    private static func map(
        _ descriptor: Int32, _ size: Int, _ protection: Int32, _ flags: Int32, _ path: String
    ) throws(FileError) -> UnsafeMutableRawPointer {
        let whole = (size + 4095) & ~4095
        let reserved = mmap(nil, whole + alignment, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let reserved, reserved != MAP_FAILED else { throw failure(path, errno) }
        let before = -Int(bitPattern: reserved) & (alignment - 1)
        let at = reserved + before
        if before > 0 { _ = munmap(reserved, before) }
        _ = munmap(at + whole, alignment - before)
        guard mmap(at, size, protection, flags | MAP_FIXED, descriptor, 0) == at else {
            let error = errno
            _ = munmap(at, whole)
            throw failure(path, error)
        }
        _ = madvise(at, size, 14)  // MADV_HUGEPAGE: matrix products walk it from front to end
        return at
    }

    private static func failure(_ path: String, _ error: Int32) -> FileError {
        FileError(
            .unwritable, path,
            "cannot be kept: \(String(cString: strerror(error))); check that the folder is writable and has room")
    }
}
