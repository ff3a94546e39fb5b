// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Messages
import Redis
import Synchronization

/// A local append-only file of what was asked of the queue, so that a queue that lost its last second can be told again.
///
/// Appending returns when the records are on the disk. All who wait share one fdatasync, on a thread of the journal's
/// own. A journal belongs to one process; docs/decisions/0013-submission-journal.md says what it holds and why.
public final class SubmissionJournal: Sendable {
    /// What it has done so far.
    public struct Figures: Sendable, Hashable {
        public var records = 0
        public var synchronizations = 0
        public var bytes = 0
    }

    let options: JournalOptions
    /// What stood in it when it was opened.
    let opening: JournalIndex

    private let folder: JournalFolder
    private let logger: Logger
    private let clock: @Sendable () -> Int64
    private let writer: JournalWriter
    private let thread = BlockingThread(name: "journal")
    private let reader = BlockingThread(name: "journal-read")
    private let inbox = Mutex(Inbox())

    private struct Inbox {
        var waiting: [Request] = []
        var isScheduled = false
        var lastEntry: UInt64 = 0
        var lastTime: Int64 = 0
        var figures = Figures()
    }

    private struct Request {
        var entries: [UInt64]
        var bytes: [UInt8]
        var time: Int64
        /// Nil where nobody waits: then it goes with those that somebody waits for.
        var answer: CheckedContinuation<Result<Void, JobError>, Never>?
    }

    /// Opens the journal of a folder, which is made where it is missing: a record that was cut short is dropped.
    ///
    /// Throws `unavailable`, naming the folder, where it can't be written or another process has it.
    public static func open(
        folder: String, options: JournalOptions = .init(), logger: Logger,
        clock: @escaping @Sendable () -> Int64 = InMemoryJobBroker.systemClock
    ) async throws(JobError) -> SubmissionJournal {
        let thread = BlockingThread(name: "journal-open")
        let result = await withCheckedContinuation { continuation in
            thread.perform {
                continuation.resume(
                    returning: Result { () throws(JobError) in
                        try SubmissionJournal(folder: folder, options: options, logger: logger, clock: clock)
                    })
            }
        }
        return try result.get()
    }

    private init(
        folder path: String, options: JournalOptions, logger: Logger, clock: @escaping @Sendable () -> Int64
    ) throws(JobError) {
        folder = JournalFolder(path: path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path)
        self.options = options
        self.logger = logger
        self.clock = clock
        try folder.make()
        let lock = try folder.lock()
        var index = JournalIndex()
        var (lastEntry, lastTime) = (UInt64(0), Int64(0))
        var closed: [JournalWriter.Closed] = []
        do {
            let numbers = try folder.segments()
            for number in numbers {
                let segment = JournalSegment(folder: folder, number: number)
                var newest: Int64 = 0
                let end = try segment.read { (frame, _) throws(JobError) in
                    index.take(frame.record)
                    lastEntry = max(lastEntry, frame.record.entry)
                    newest = max(newest, frame.record.time)
                    return true
                }
                lastTime = max(lastTime, newest)
                let cut = try segment.cut(at: end)
                if cut > 0 {
                    logger.warning(
                        "The journal ended in the middle of a record, which nobody was told of; it is dropped",
                        metadata: ["segment": "\(folder.name(of: number))", "bytes": "\(cut)"])
                }
                if end == 0 { try folder.remove(number) } else { closed.append(.init(number: number, newest: newest)) }
            }
            writer = JournalWriter(folder: folder, lock: lock, closed: closed, next: (numbers.last ?? 0) + 1)
        } catch {
            JournalWriter.unlock(lock)
            throw error
        }
        opening = index
        let first = max(lastEntry, UInt64(max(0, clock())) * 1000)
        inbox.withLock { [lastTime] inbox in
            inbox.lastEntry = first
            inbox.lastTime = lastTime
        }
    }

    /// What it has done so far.
    public var figures: Figures { inbox.withLock { $0.figures } }

    /// A record to be filled in, with a number and a time of its own.
    func draft(_ action: JournalRecord.Action) -> JournalRecord {
        let now = clock()
        return inbox.withLock { inbox in
            inbox.lastEntry += 1
            // A clock that steps back must not make new records look old.
            inbox.lastTime = max(inbox.lastTime, now)
            return JournalRecord(entry: inbox.lastEntry, time: inbox.lastTime, action: action)
        }
    }

    /// Returns once these are on the disk; throws `unavailable` where they can't be written, and then none of them is.
    func append(_ frames: [JournalFrame]) async throws(JobError) {
        guard !frames.isEmpty else { return }
        let request = try request(frames)
        let result = await withCheckedContinuation { continuation in
            var request = request
            request.answer = continuation
            submit(request)
        }
        try result.get()
    }

    /// Writes these with whatever is written next; they may be lost, and nobody waits.
    func note(_ records: [JournalRecord]) {
        guard !records.isEmpty, let request = try? request(records.map { JournalFrame($0) }) else { return }
        inbox.withLock { $0.waiting.append(request) }
    }

    private func request(_ frames: [JournalFrame]) throws(JobError) -> Request {
        var request = Request(entries: [], bytes: [], time: 0)
        for frame in frames {
            do {
                request.bytes += try frame.bytes()
            } catch {
                throw JobError(
                    .malformed, operation: JournaledJobBroker.operation,
                    detail: "the message has a number that JSON can't hold")
            }
            request.entries.append(frame.record.entry)
            request.time = max(request.time, frame.record.time)
        }
        guard request.bytes.count <= JournalFrame.maximumBytes else {
            throw JobError(
                .malformed, operation: JournaledJobBroker.operation,
                detail: "one call has more than \(JournalFrame.maximumBytes >> 20) MiB; send fewer jobs at a time")
        }
        return request
    }

    private func submit(_ request: Request) {
        let mustSchedule = inbox.withLock { inbox in
            inbox.waiting.append(request)
            defer { inbox.isScheduled = true }
            return !inbox.isScheduled
        }
        if mustSchedule { thread.perform { self.flush() } }
    }

    /// One write and one fdatasync for all who wait: on the journal's thread.
    private func flush() {
        let batch = inbox.withLock { inbox in
            defer { inbox.waiting = [] }
            inbox.isScheduled = false
            return inbox.waiting
        }
        guard !batch.isEmpty else { return }
        let mustSync = batch.contains { $0.answer != nil }
        let result = Result { () throws(JobError) in
            try writer.write(
                batch.map(\.bytes), entries: batch.flatMap(\.entries), newest: batch.map(\.time).max() ?? 0,
                synchronize: mustSync, options: options)
        }
        if case .success = result {
            inbox.withLock { inbox in
                inbox.figures.records += batch.reduce(0) { $0 + $1.entries.count }
                inbox.figures.bytes += batch.reduce(0) { $0 + $1.bytes.count }
                if mustSync { inbox.figures.synchronizations += 1 }
            }
        }
        if case .failure(let error) = result {
            logger.error("The journal can't be written; submissions are refused", metadata: ["error": "\(error)"])
        }
        for request in batch { request.answer?.resume(returning: result) }
    }

    /// Writes what was noted, closes a segment that is old, and drops those whose records are all older than `time`.
    func maintain(dropBefore time: Int64) async {
        await onThread { journal in
            journal.flush()
            do throws(JobError) {
                try journal.writer.drop(before: time, now: journal.clock(), options: journal.options)
            } catch {
                journal.logger.error("Old journal files can't be dropped", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Calls `visit` for every record that is on the disk now, the oldest first. Returning false leaves the segment.
    func read(
        _ visit: @escaping @Sendable (JournalFrame, JournalSegment.Place) throws(JobError) -> Void
    ) async throws(JobError) {
        let parts = await onThread { journal in
            journal.flush()
            return journal.writer.parts
        }
        let result = await withCheckedContinuation { continuation in
            reader.perform { [folder] in
                continuation.resume(
                    returning: Result { () throws(JobError) in
                        for part in parts {
                            try JournalSegment(folder: folder, number: part.number).read(limit: part.length) {
                                (frame, place) throws(JobError) in
                                try visit(frame, place)
                                return true
                            }
                        }
                    })
            }
        }
        try result.get()
    }

    /// The frames that lie there. A frame that was erased meanwhile is missing.
    func frames(at places: [JournalSegment.Place]) async throws(JobError) -> [JournalFrame] {
        let result = await withCheckedContinuation {
            (continuation: CheckedContinuation<Result<[JournalFrame], JobError>, Never>) in
            reader.perform { [folder] in
                continuation.resume(
                    returning: Result { () throws(JobError) in
                        var frames: [JournalFrame] = []
                        for place in places {
                            let segment = JournalSegment(folder: folder, number: place.segment)
                            try segment.read(from: place.offset) { (frame, _) throws(JobError) in
                                frames.append(frame)
                                return false
                            }
                        }
                        return frames
                    })
            }
        }
        return try result.get()
    }

    /// Removes records and their bodies from the disk.
    func erase(where isUnwanted: @escaping @Sendable (JournalRecord) -> Bool) async throws(JobError) {
        let result = await onThread { journal in
            journal.flush()
            return Result { () throws(JobError) in try journal.writer.erase(where: isUnwanted) }
        }
        try result.get()
    }

    /// Writes what was noted and gives the folder free; appending throws from now on.
    public func close() async {
        await onThread { journal in
            journal.flush()
            journal.writer.close()
        }
    }

    private func onThread<Value: Sendable>(_ body: @escaping @Sendable (SubmissionJournal) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            thread.perform { continuation.resume(returning: body(self)) }
        }
    }
}
