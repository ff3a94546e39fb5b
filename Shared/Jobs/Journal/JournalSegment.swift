// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// One file of the journal, read frame by frame.
struct JournalSegment: Sendable {
    /// Where a frame lies.
    struct Place: Sendable, Hashable, Comparable {
        var segment: Int
        var offset: Int
        /// Of the whole frame.
        var bytes: Int

        static func < (a: Self, b: Self) -> Bool { (a.segment, a.offset) < (b.segment, b.offset) }
    }

    let folder: JournalFolder
    let number: Int

    /// Calls `visit` for each frame of the first `limit` bytes, in order. Returns where the last whole frame ends: what
    /// comes after was cut short when the process or the machine died.
    @discardableResult
    func read(
        limit: Int = .max, from start: Int = 0, _ visit: (JournalFrame, Place) throws(JobError) -> Bool
    ) throws(JobError) -> Int {
        let name = folder.name(of: number)
        let file = open(name, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return 0 }
            throw JournalFolder.refused(errno, name)
        }
        defer { close(file) }
        var offset = start
        while offset + JournalFrame.prefixBytes <= limit {
            let prefix = try Self.bytes(file, JournalFrame.prefixBytes, at: offset, name)
            guard let (length, checksum) = JournalFrame.prefix(prefix),
                offset + JournalFrame.prefixBytes + length <= limit
            else { break }
            let content = try Self.bytes(file, length, at: offset + JournalFrame.prefixBytes, name)
            guard content.count == length, CRC32C.of(content) == checksum,
                let frame = try? JournalFrame(content: content)
            else { break }
            let place = Place(segment: number, offset: offset, bytes: JournalFrame.prefixBytes + length)
            offset += JournalFrame.prefixBytes + length
            guard try visit(frame, place) else { break }
        }
        return offset
    }

    /// Cuts the file after its last whole frame. Returns how many bytes went.
    func cut(at end: Int) throws(JobError) -> Int {
        let name = folder.name(of: number)
        var status = stat()
        guard stat(name, &status) == 0 else { throw JournalFolder.refused(errno, name) }
        let surplus = Int(status.st_size) - end
        guard surplus > 0 else { return 0 }
        guard truncate(name, end) == 0 else { throw JournalFolder.refused(errno, name) }
        return surplus
    }

    /// Writes the segment anew without the frames that `isUnwanted` names; the old bytes are given back to the file
    /// system. Returns whether there were any.
    func erase(where isUnwanted: (JournalRecord) -> Bool) throws(JobError) -> Bool {
        var kept: [UInt8] = []
        var isChanged = false
        try read { (frame, _) throws(JobError) in
            guard !isUnwanted(frame.record) else {
                isChanged = true
                return true
            }
            guard let bytes = try? frame.bytes() else { return true }
            kept += bytes
            return true
        }
        guard isChanged else { return false }
        let name = folder.name(of: number)
        if kept.isEmpty {
            try folder.remove(number)
        } else {
            let aside = "\(name).aside"
            let file = try JournalFile(creating: aside)
            do {
                try file.write(kept)
                try file.synchronize()
            } catch {
                unlink(aside)
                throw error
            }
            guard rename(aside, name) == 0 else { throw JournalFolder.refused(errno, name) }
        }
        try folder.synchronize()
        return true
    }

    /// Fewer where the file ends before.
    private static func bytes(_ file: Int32, _ count: Int, at offset: Int, _ name: String) throws(JobError) -> [UInt8] {
        var got = 0
        var failure: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while got < count {
                let part = pread(file, buffer.baseAddress?.advanced(by: got), count - got, off_t(offset + got))
                if part == 0 { break }
                if part < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    break
                }
                got += part
            }
            filled = got
        }
        if let failure { throw JournalFolder.refused(failure, name) }
        return bytes
    }
}
