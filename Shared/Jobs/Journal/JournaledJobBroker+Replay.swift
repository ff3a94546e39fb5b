// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import Messages
import ServiceLifecycle
import Synchronization

extension JournaledJobBroker {
    /// How often the server is asked who it is.
    static let pollInterval: Duration = .seconds(1)
    /// How often the journal is told that the server was seen.
    private static let noteInterval: Int64 = 30_000
    /// Submissions repeated at a time.
    private static let chunk = 100
    private static let chunkBytes = 16 << 20

    /// Watches the server until the process is to stop.
    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await self.watchServer() }
        } catch is CancellationError {}
        await journal.close()
    }

    private func watchServer() async throws {
        while true {
            do {
                _ = try await checkServer()
            } catch {
                logger.debug("The queue's server does not say who it is", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }

    /// Asks the server who it is, and replays where it is another one than before. Returns how many submissions it had
    /// lost, nil where nothing was replayed.
    @discardableResult
    public func checkServer() async throws(JobError) -> Int? {
        let now = clock()
        let server = try await serverRunID()
        let known = watch.withLock { $0 }
        if known.server == server {
            let mustNote = watch.withLock { watch in
                watch.contact = max(watch.contact ?? 0, now)
                defer { if now - watch.noted >= Self.noteInterval { watch.noted = now } }
                return now - watch.noted >= Self.noteInterval
            }
            if mustNote { note(server) }
            // While the server is away nothing is dropped: a new one may need all of it.
            let oldest = now - journal.options.keep.milliseconds
            index.withLock { $0.prune(before: oldest) }
            await journal.maintain(dropBefore: oldest)
            return nil
        }
        guard now >= known.nextTry else { return nil }
        let replayed = try await replay(on: server, known: known, now: now)
        // Another restart while we were at it is another replay.
        guard let replayed, try await serverRunID() == server else {
            watch.withLock { $0.nextTry = clock() + (replayed == nil ? 5000 : 0) }
            return replayed
        }
        watch.withLock { watch in
            watch.server = server
            watch.contact = now
            watch.noted = now
        }
        note(server)
        return replayed
    }

    private func note(_ server: String) {
        var record = journal.draft(.server)
        record.server = server
        journal.note([record])
    }

    /// Repeats on a server what it may lack. Returns how many submissions it did lack; nil where some have to wait.
    private func replay(on server: String, known: ServerWatch, now: Int64) async throws(JobError) -> Int? {
        // Started again under a server that never went: it has all that a client was told of.
        let onlyUnknown = known.server == nil && journal.opening.server == server
        let seen = known.contact ?? now
        let since = max(seen - journal.options.replay.milliseconds, now - journal.options.maximumAge.milliseconds)
        let replay = Mutex(JournalReplay(since: since, onlyUnknown: onlyUnknown))
        try await journal.read { (frame, place) throws(JobError) in replay.withLock { $0.take(frame.record, place) } }
        let submissions = replay.withLock { $0.plan().submissions }
        var tally = Tally()
        var rest = submissions[...]
        while !rest.isEmpty {
            var bytes = 0
            let part = rest.prefix(Self.chunk).prefix { submission in
                defer { bytes += submission.place.bytes }
                return bytes == 0 || bytes + submission.place.bytes <= Self.chunkBytes
            }
            try await submitAgain(Array(part), &tally)
            rest = rest.dropFirst(part.count)
        }
        // What a person did meanwhile counts too.
        let again = Mutex(JournalReplay(since: since, onlyUnknown: onlyUnknown))
        try await journal.read { (frame, place) throws(JobError) in again.withLock { $0.take(frame.record, place) } }
        for step in again.withLock({ $0.plan().steps }) { try await take(step) }
        let metadata: Logger.Metadata = [
            "submissions": "\(submissions.count)", "lost": "\(tally.lost)", "waiting": "\(tally.waiting)",
            "refused": "\(tally.refused)",
        ]
        if tally.lost > 0 || tally.waiting > 0 || tally.refused > 0 {
            logger.warning("Another server holds the queue; the journal was replayed", metadata: metadata)
        } else {
            logger.info("The journal was compared with the queue", metadata: metadata)
        }
        return tally.waiting > 0 ? nil : tally.lost
    }

    private struct Tally {
        /// The server had lost them.
        var lost = 0
        /// It takes no more now.
        var waiting = 0
        /// It takes them never.
        var refused = 0
    }

    private func submitAgain(_ part: [JournalReplay.Submission], _ tally: inout Tally) async throws(JobError) {
        let frames = try await journal.frames(at: part.map(\.place))
        let found = Dictionary(frames.map { ($0.record.entry, $0) }, uniquingKeysWith: { first, _ in first })
        var jobs: [JobSubmission] = []
        var cancelled: Set<JobID> = []
        for submission in part {
            // Not found: purged since.
            guard let frame = found[submission.record.entry] else { continue }
            if let id = submission.record.run {
                if !submission.isRetried, await hasEnded(id.rawValue), try await base.run(id) == nil { continue }
                do throws(JobError) {
                    let receipt = try await base.submit(try Self.decode(RunSubmission.self, frame))
                    guard !receipt.isDuplicate else { continue }
                    tally.lost += 1
                    if submission.isCancelled { try await base.cancel(id) }
                } catch {
                    try note(error, of: id.rawValue, &tally)
                }
            } else if let id = submission.record.job {
                if !submission.isRetried, await hasEnded(id.rawValue), try await base.job(id) == nil { continue }
                var job: JobSubmission
                do throws(JobError) {
                    job = try Self.decode(JobSubmission.self, frame)
                } catch {
                    try note(error, of: id.rawValue, &tally)
                    continue
                }
                if submission.isCancelled {
                    // Never to be claimed: it is only to be seen as what it is, cancelled.
                    job.notBefore = clock() + 86_400_000
                    cancelled.insert(id)
                }
                jobs.append(job)
            }
        }
        guard !jobs.isEmpty else { return }
        for (job, answer) in zip(jobs, try await base.submit(jobs)) {
            guard let id = job.id else { continue }
            switch answer {
            case .success(let receipt):
                if !receipt.isDuplicate { tally.lost += 1 }
                if cancelled.contains(id) { _ = try await base.cancel(id) }
            case .failure(let error): try note(error, of: id.rawValue, &tally)
            }
        }
    }

    private func note(_ error: JobError, of id: String, _ tally: inout Tally) throws(JobError) {
        switch error.code {
        case .unavailable: throw error
        case .queueFull: tally.waiting += 1
        case .conflict, .notFound, .wrongState, .malformed, .staleFence:
            tally.refused += 1
            logger.error(
                "The queue refuses a submission of the journal", metadata: ["job": "\(id)", "error": "\(error)"])
        }
    }

    private static func decode<Value: Decodable>(_ type: Value.Type, _ frame: JournalFrame) throws(JobError) -> Value {
        do {
            return try MessageDecoder(policy: .lenient).decode(type, from: MessageDecoder.parse(Data(frame.body)))
        } catch {
            throw JobError(.malformed, operation: "replay", detail: "a record of the journal: \(error)")
        }
    }

    private func take(_ step: JournalReplay.Step) async throws(JobError) {
        do throws(JobError) {
            switch step {
            case .cancelJob(let id): _ = try await base.cancel(id)
            case .cancelRun(let id): try await base.cancel(id)
            case .retry(let id, let time):
                // Ended before the person asked: that the job was to be tried again is what was lost.
                guard let job = try await base.job(id), job.state.isTerminal, job.state != .succeeded,
                    let finished = job.finished, finished < time
                else { return }
                _ = try await base.retry(id)
            case .discard(let id):
                if let job = try await base.job(id), !job.state.isTerminal { _ = try await base.cancel(id) }
                try await base.discard(id)
            case .purgeJob(let id): try await base.purge(id)
            case .purgeRun(let id): try await base.purge(id)
            }
        } catch {
            // Gone, or in a state that does not allow it: then there is nothing to repeat.
            guard error.code == .unavailable else { return }
            throw error
        }
    }
}
