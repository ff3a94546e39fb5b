// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc

/// A segment that is being written. For one thread.
final class JournalFile {
    let path: String
    /// Bytes that are whole records.
    private(set) var length = 0
    private let number: Int32

    init(creating path: String) throws(JobError) {
        number = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw JournalFolder.refused(errno, path) }
        self.path = path
    }

    deinit { close(number) }

    /// Appends all of it. After an error the file may hold a part: see `retreat`.
    func write(_ bytes: [UInt8]) throws(JobError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                throw JournalFolder.refused(errno, path)
            }
        }
    }

    func synchronize() throws(JobError) {
        guard fdatasync(number) == 0 else { throw JournalFolder.refused(errno, path) }
    }

    /// What was written is a part of the journal from now on.
    func keep(_ count: Int) { length += count }

    /// Takes back what was written since the last `keep`; false where the file system refuses even that.
    func retreat() -> Bool { ftruncate(number, off_t(length)) == 0 && fdatasync(number) == 0 }
}
