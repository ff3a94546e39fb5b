// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages

/// The files of a journal as its thread has them: one that grows, and closed ones before it.
///
/// Unchecked: after it was made, only the journal's thread touches it.
final class JournalWriter: @unchecked Sendable {
    struct Closed: Sendable {
        var number: Int
        /// The time of its last record.
        var newest: Int64
    }

    private struct Growing {
        var number: Int
        var file: JournalFile
        var since: Int64
        var newest: Int64
    }

    private let folder: JournalFolder
    private var lock: Int32?
    private var closed: [Closed]
    private var next: Int
    private var growing: Growing?
    /// Records that failed and could not be taken back: the next write says that they were refused.
    private var unsure: [UInt64] = []

    init(folder: JournalFolder, lock: Int32, closed: [Closed], next: Int) {
        self.folder = folder
        self.lock = lock
        self.closed = closed
        self.next = next
    }

    deinit { close() }

    static func unlock(_ file: Int32) { _ = Glibc.close(file) }

    func close() {
        rotate()
        if let lock { Self.unlock(lock) }
        lock = nil
    }

    /// The segments and how many bytes of each are whole records.
    var parts: [(number: Int, length: Int)] {
        closed.map { ($0.number, Int.max) } + (growing.map { [($0.number, $0.file.length)] } ?? [])
    }

    /// Appends, and syncs if asked. After an error nothing of it is in the journal.
    func write(
        _ pieces: [[UInt8]], entries: [UInt64], newest: Int64, synchronize: Bool, options: JournalOptions
    ) throws(JobError) {
        guard lock != nil else {
            throw JobError(
                .unavailable, operation: JournaledJobBroker.operation,
                detail: "the gateway is stopping; ask another one")
        }
        if let growing {
            let isOld = newest - growing.since > options.segmentAge.milliseconds
            if growing.file.length >= options.segmentBytes || isOld { rotate() }
        }
        let current: Growing
        if let growing { current = growing } else { current = try begin(at: newest) }
        do throws(JobError) {
            var count = 0
            if !unsure.isEmpty {
                var record = JournalRecord(entry: 0, time: newest, action: .refused)
                record.entries = unsure
                if let bytes = try? JournalFrame(record).bytes() {
                    try current.file.write(bytes)
                    count += bytes.count
                }
            }
            for piece in pieces {
                try current.file.write(piece)
                count += piece.count
            }
            if synchronize { try current.file.synchronize() }
            current.file.keep(count)
            growing?.newest = max(current.newest, newest)
            unsure = []
        } catch {
            // What a failed fdatasync has left in the file is not known: no more is written to this one.
            if !current.file.retreat() { unsure += entries }
            rotate()
            throw error
        }
    }

    private func begin(at time: Int64) throws(JobError) -> Growing {
        let file = try JournalFile(creating: folder.name(of: next))
        try folder.synchronize()
        let new = Growing(number: next, file: file, since: time, newest: time)
        next += 1
        growing = new
        return new
    }

    private func rotate() {
        guard let old = growing else { return }
        growing = nil
        if old.file.length == 0, unsure.isEmpty {
            try? folder.remove(old.number)
        } else {
            closed.append(Closed(number: old.number, newest: old.newest))
        }
    }

    /// Unlinks the segments of which all records are older than `time`.
    func drop(before time: Int64, now: Int64, options: JournalOptions) throws(JobError) {
        if let growing, now - growing.since > options.segmentAge.milliseconds { rotate() }
        let old = closed.filter { $0.newest < time }
        guard !old.isEmpty else { return }
        for segment in old { try folder.remove(segment.number) }
        closed.removeAll { $0.newest < time }
        try folder.synchronize()
    }

    func erase(where isUnwanted: (JournalRecord) -> Bool) throws(JobError) {
        rotate()
        for segment in closed {
            _ = try JournalSegment(folder: folder, number: segment.number).erase(where: isUnwanted)
        }
        let left = Set(try folder.segments())
        closed.removeAll { !left.contains($0.number) }
    }
}
