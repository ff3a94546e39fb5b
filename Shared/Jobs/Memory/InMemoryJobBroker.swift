// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
public import Messages
import Synchronization

/// A broker within one process, for `SERVICE run` and for tests: the same transitions, nothing kept on disk.
public final class InMemoryJobBroker: JobBroker {
    private let queue = Mutex(MemoryQueue())
    private let clock: @Sendable () -> Int64
    private let crashPause: Duration
    private let textRetention: Duration
    private let workers = WaitingRoom<JobKind>()
    private let readers = WaitingRoom<EventScope>()

    /// A broker on a clock in ms since 1970; `crashPause` is the pause after a job's second crash, `textRetention` how
    /// long payload and result of what succeeded are kept. All else is kept as long as the broker.
    public init(
        crashPause: Duration = .seconds(1), textRetention: Duration = .seconds(86_400),
        clock: @escaping @Sendable () -> Int64 = InMemoryJobBroker.systemClock
    ) {
        self.crashPause = crashPause
        self.textRetention = textRetention
        self.clock = clock
    }

    /// The machine's clock.
    public static let systemClock: @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970 * 1000) }

    /// One transition at the present time; whoever waits for what it did is woken after it.
    private func transition<Value: Sendable>(
        _ body: (inout sending MemoryQueue) -> Result<Value, JobError>
    ) throws(JobError) -> Value {
        let time = clock()
        let (result, kinds, scopes) = queue.withLock { queue in
            // A clock that steps back would give events out of order.
            queue.now = max(queue.now, time)
            let result = body(&queue)
            queue.settle()
            defer { queue.wokenKinds = [] }
            return (result, queue.wokenKinds, queue.log.takeNews())
        }
        if !kinds.isEmpty { workers.wake(kinds) }
        if !scopes.isEmpty { readers.wake(scopes) }
        return try result.get()
    }

    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        let id = submission.id ?? JobID(FreshID.make())
        try SubmissionCheck.check(id, kinds: [submission.message.kind], operation: "submit")
        return try transition { queue in
            Result { () throws(JobError) in try queue.submit(submission, id: id) }
        }
    }

    public func submit(
        _ submissions: [JobSubmission]
    ) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        guard submissions.count <= SubmissionCheck.maximumBulk else {
            throw SubmissionCheck.tooMany(submissions.count)
        }
        return try transition { queue in
            .success(
                submissions.map { submission in
                    Result { () throws(JobError) in
                        let id = submission.id ?? JobID(FreshID.make())
                        try SubmissionCheck.check(id, kinds: [submission.message.kind], operation: "submit")
                        return try queue.submit(submission, id: id)
                    }
                })
        }
    }

    public func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        let id = submission.id ?? RunID(FreshID.make())
        try SubmissionCheck.check(JobID(id.rawValue), kinds: [], operation: "submit run")
        return try transition { queue in
            Result { () throws(JobError) in try queue.submit(submission, id: id) }
        }
    }

    public func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult {
        try transition { .success($0.claim(request)) }
    }

    public func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError) {
        await workers.wait(for: Set(kinds), timeout: timeout) {
            self.queue.withLock { $0.hasWork(kinds, loaded: loaded) }
        }
        if Task.isCancelled {
            throw JobError(.unavailable, operation: "wait for work", detail: "the calling task was cancelled")
        }
    }

    public func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply] {
        try transition { .success($0.heartbeat(beats, lease: lease)) }
    }

    public func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply] {
        try transition { .success($0.publish(parts)) }
    }

    public func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError) {
        try transition { queue in
            Result { () throws(JobError) in try queue.complete(job, fence: fence, result: result) }
        }
    }

    @discardableResult
    public func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState {
        try transition { queue in
            Result { () throws(JobError) in
                try queue.fail(job, fence: fence, failure: failure, retryAfter: retryAfter)
            }
        }
    }

    public func release(_ job: JobID, fence: Fence) async throws(JobError) {
        try transition { queue in Result { () throws(JobError) in try queue.release(job, fence: fence) } }
    }

    public func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError) {
        try transition { queue in Result { () throws(JobError) in try queue.confirmCancelled(job, fence: fence) } }
    }

    public func cancel(_ job: JobID) async throws(JobError) -> JobState {
        try transition { queue in
            guard queue.jobs[job] != nil else { return .failure(SubmissionCheck.missing("cancel", job.rawValue)) }
            queue.cancel(job)
            return .success(queue.jobs[job]?.state ?? .cancelled)
        }
    }

    public func cancel(_ run: RunID) async throws(JobError) {
        try transition { queue in Result { () throws(JobError) in try queue.cancel(run) } }
    }

    public func retry(_ job: JobID) async throws(JobError) -> JobState {
        try transition { queue in Result { () throws(JobError) in try queue.retry(job) } }
    }

    @discardableResult
    public func discard(_ job: JobID) async throws(JobError) -> JobState {
        try transition { queue in Result { () throws(JobError) in try queue.discard(job) } }
    }

    public func purge(_ job: JobID) async throws(JobError) {
        try transition { queue in Result { () throws(JobError) in try queue.purge(job) } }
    }

    public func purge(_ run: RunID) async throws(JobError) {
        try transition { queue in Result { () throws(JobError) in try queue.purge(run) } }
    }

    public func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        try transition { .success($0.purgeEnded(before: before, limit: limit)) }
    }

    public func control(_ kind: JobKind) async throws(JobError) -> QueueControl {
        queue.withLock { $0.controls[kind] ?? QueueControl() }
    }

    public func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError) {
        try SubmissionCheck.check(control, of: kind)
        try transition { .success($0.setControl(kind, control)) }
    }

    public func pause(_ kind: JobKind) async throws(JobError) { try setPause(kind, true) }

    public func resume(_ kind: JobKind) async throws(JobError) { try setPause(kind, false) }

    private func setPause(_ kind: JobKind, _ isPaused: Bool) throws(JobError) {
        try SubmissionCheck.check(QueueControl(), of: kind)
        try transition { queue in
            var control = queue.controls[kind] ?? QueueControl()
            control.isPaused = isPaused
            return .success(queue.setControl(kind, control))
        }
    }

    public func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit {
        try transition { queue in
            Result { () throws(JobError) in try queue.check(repair: repair, cursor: cursor, limit: limit) }
        }
    }

    @discardableResult
    public func reap() async throws(JobError) -> Int {
        try transition { [crashPause, textRetention] queue in
            .success(queue.reap(crashPause: crashPause, retention: textRetention))
        }
    }

    public func job(_ id: JobID) async throws(JobError) -> JobSnapshot? {
        queue.withLock { $0.jobs[id]?.snapshot }
    }

    public func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage {
        try transition { queue in Result { () throws(JobError) in try queue.page(filter) } }
    }

    public func run(_ id: RunID) async throws(JobError) -> RunSnapshot? {
        queue.withLock { $0.snapshot(of: id) }
    }

    public func runs(limit: Int) async throws(JobError) -> [RunSnapshot] {
        queue.withLock { queue in
            queue.runOrder.reversed().prefix(max(1, limit)).compactMap { queue.snapshot(of: $0) }
        }
    }

    public func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent] {
        var position: StreamPosition?
        if let cursor {
            position = StreamPosition(cursor)
            if position == nil { throw SubmissionCheck.badCursor("read events") }
        }
        let start = position
        let read: @Sendable (Int) -> [JobEvent] = { limit in
            self.queue.withLock { $0.log.read(scope, after: start, limit: limit) }
        }
        let limit = min(10_000, max(1, limit))
        let found = read(limit)
        guard found.isEmpty else { return found }
        await readers.wait(for: [scope], timeout: wait) { !read(1).isEmpty }
        return read(limit)
    }

    public func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage {
        let start = cursor.flatMap { StreamPosition($0) }
        if cursor != nil, start == nil { throw SubmissionCheck.badCursor("read parts") }
        let read: @Sendable () -> PartPage = {
            self.queue.withLock { queue in
                guard let found = queue.jobs[job] else { return PartPage(parts: [], state: nil) }
                let kept = found.partsUntil > queue.now ? found.parts : []
                let parts = kept.filter { part in
                    guard let start, let position = StreamPosition(part.id) else { return true }
                    return position > start
                }
                return PartPage(parts: Array(parts.prefix(max(1, limit))), state: found.state)
            }
        }
        let isNews: @Sendable (PartPage) -> Bool = { !$0.parts.isEmpty || $0.state?.isTerminal ?? true }
        let deadline = ContinuousClock.now + wait
        while true {
            let page = read()
            let left = deadline - .now
            guard !isNews(page), left > .zero, !Task.isCancelled else { return page }
            await readers.wait(for: [.job(job)], timeout: left) { isNews(read()) }
        }
    }

    public func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics] {
        try transition { queue in .success(kinds.map { queue.statistics(of: $0) }) }
    }

    public func ping() async throws(JobError) {}
}
