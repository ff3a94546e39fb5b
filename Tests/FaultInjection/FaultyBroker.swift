// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
public import Jobs
public import Messages

/// A broker that fails on demand: every call goes to a real broker, and a plan says what goes wrong on the way.
public struct FaultyBroker: JobBroker {
    private let inner: any JobBroker
    private let plan: FaultPlan

    /// Wraps a broker.
    public init(_ inner: any JobBroker, plan: FaultPlan) {
        self.inner = inner
        self.plan = plan
    }

    /// Ends this process at once, as `kill -9` does.
    public static func die() -> Never {
        kill(getpid(), SIGKILL)
        while true { Glibc.pause() }
    }

    private func call<Value: Sendable>(
        _ operation: BrokerOperation, _ body: () async throws(JobError) -> Value
    ) async throws(JobError) -> Value {
        let lost = JobError(
            .unavailable, operation: operation.rawValue, detail: "this call fails by the plan of a test")
        switch plan.next(operation) {
        case nil: return try await body()
        case .error: throw lost
        case .lostReply:
            _ = try await body()
            throw lost
        case .delay(let time):
            try? await Task.sleep(for: time)
            return try await body()
        case .hang(let time):
            let value = try await body()
            do { try await Task.sleep(for: time) } catch { throw lost }
            return value
        case .exitBefore: Self.die()
        case .exitAfter:
            _ = try await body()
            Self.die()
        }
    }

    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        try await call(.submit) { () throws(JobError) in try await inner.submit(submission) }
    }

    public func submit(
        _ submissions: [JobSubmission]
    ) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        try await call(.bulk) { () throws(JobError) in try await inner.submit(submissions) }
    }

    public func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        try await call(.submitRun) { () throws(JobError) in try await inner.submit(submission) }
    }

    public func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult {
        try await call(.claim) { () throws(JobError) in try await inner.claim(request) }
    }

    public func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply] {
        try await call(.parts) { () throws(JobError) in try await inner.publish(parts) }
    }

    public func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError) {
        try await call(.wait) { () throws(JobError) in
            try await inner.waitForWork(kinds: kinds, loaded: loaded, timeout: timeout)
        }
    }

    public func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply] {
        try await call(.heartbeat) { () throws(JobError) in try await inner.heartbeat(beats, lease: lease) }
    }

    public func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError) {
        try await call(.complete) { () throws(JobError) in
            try await inner.complete(job, fence: fence, result: result)
        }
    }

    public func complete(
        _ completions: [Completion], thenClaim next: ClaimRequest?
    ) async throws(JobError) -> CompletionReply {
        // A call without completions is a claim, and fails like one.
        try await call(completions.isEmpty ? .claim : .complete) { () throws(JobError) in
            try await inner.complete(completions, thenClaim: next)
        }
    }

    @discardableResult
    public func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState {
        try await call(.fail) { () throws(JobError) in
            try await inner.fail(job, fence: fence, failure: failure, retryAfter: retryAfter)
        }
    }

    public func release(_ job: JobID, fence: Fence) async throws(JobError) {
        try await call(.release) { () throws(JobError) in try await inner.release(job, fence: fence) }
    }

    public func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError) {
        try await call(.confirmCancelled) { () throws(JobError) in
            try await inner.confirmCancelled(job, fence: fence)
        }
    }

    public func cancel(_ job: JobID) async throws(JobError) -> JobState {
        try await call(.cancel) { () throws(JobError) in try await inner.cancel(job) }
    }

    public func cancel(_ run: RunID) async throws(JobError) {
        try await call(.cancelRun) { () throws(JobError) in try await inner.cancel(run) }
    }

    public func retry(_ job: JobID) async throws(JobError) -> JobState {
        try await call(.retry) { () throws(JobError) in try await inner.retry(job) }
    }

    @discardableResult
    public func discard(_ job: JobID) async throws(JobError) -> JobState {
        try await call(.administer) { () throws(JobError) in try await inner.discard(job) }
    }

    public func purge(_ job: JobID) async throws(JobError) {
        try await call(.administer) { () throws(JobError) in try await inner.purge(job) }
    }

    public func purge(_ run: RunID) async throws(JobError) {
        try await call(.administer) { () throws(JobError) in try await inner.purge(run) }
    }

    public func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        try await call(.administer) { () throws(JobError) in try await inner.purgeEnded(before: before, limit: limit) }
    }

    public func control(_ kind: JobKind) async throws(JobError) -> QueueControl {
        try await call(.administer) { () throws(JobError) in try await inner.control(kind) }
    }

    public func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError) {
        try await call(.administer) { () throws(JobError) in try await inner.setControl(kind, control) }
    }

    public func pause(_ kind: JobKind) async throws(JobError) {
        try await call(.administer) { () throws(JobError) in try await inner.pause(kind) }
    }

    public func resume(_ kind: JobKind) async throws(JobError) {
        try await call(.administer) { () throws(JobError) in try await inner.resume(kind) }
    }

    public func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit {
        try await call(.administer) { () throws(JobError) in
            try await inner.check(repair: repair, cursor: cursor, limit: limit)
        }
    }

    @discardableResult
    public func reap() async throws(JobError) -> Int {
        try await call(.reap) { () throws(JobError) in try await inner.reap() }
    }

    public func job(_ id: JobID) async throws(JobError) -> JobSnapshot? {
        try await call(.read) { () throws(JobError) in try await inner.job(id) }
    }

    public func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage {
        try await call(.read) { () throws(JobError) in try await inner.jobs(filter) }
    }

    public func run(_ id: RunID) async throws(JobError) -> RunSnapshot? {
        try await call(.read) { () throws(JobError) in try await inner.run(id) }
    }

    public func runs(limit: Int) async throws(JobError) -> [RunSnapshot] {
        try await call(.read) { () throws(JobError) in try await inner.runs(limit: limit) }
    }

    public func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent] {
        try await call(.read) { () throws(JobError) in
            try await inner.events(scope, after: cursor, limit: limit, wait: wait)
        }
    }

    public func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage {
        try await call(.read) { () throws(JobError) in
            try await inner.parts(of: job, after: cursor, limit: limit, wait: wait)
        }
    }

    public func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics] {
        try await call(.read) { () throws(JobError) in try await inner.statistics(kinds: kinds) }
    }

    public func ping() async throws(JobError) {
        try await call(.read) { () throws(JobError) in try await inner.ping() }
    }
}
