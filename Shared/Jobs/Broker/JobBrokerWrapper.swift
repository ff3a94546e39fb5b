// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// A broker that changes some calls of another one, and passes on all the others.
public protocol JobBrokerWrapper: JobBroker {
    /// The broker that it passes on to.
    var base: any JobBroker { get }
}

extension JobBrokerWrapper {
    public func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        try await base.submit(submission)
    }
    public func submit(
        _ submissions: [JobSubmission]
    ) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        try await base.submit(submissions)
    }
    public func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        try await base.submit(submission)
    }
    public func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult {
        try await base.claim(request)
    }
    public func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError) {
        try await base.waitForWork(kinds: kinds, loaded: loaded, timeout: timeout)
    }
    public func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply] {
        try await base.heartbeat(beats, lease: lease)
    }
    public func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply] {
        try await base.publish(parts)
    }
    public func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError) {
        try await base.complete(job, fence: fence, result: result)
    }
    public func complete(
        _ completions: [Completion], thenClaim next: ClaimRequest?
    ) async throws(JobError) -> CompletionReply {
        try await base.complete(completions, thenClaim: next)
    }
    @discardableResult
    public func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState {
        try await base.fail(job, fence: fence, failure: failure, retryAfter: retryAfter)
    }
    public func release(_ job: JobID, fence: Fence) async throws(JobError) {
        try await base.release(job, fence: fence)
    }
    public func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError) {
        try await base.confirmCancelled(job, fence: fence)
    }
    public func cancel(_ job: JobID) async throws(JobError) -> JobState { try await base.cancel(job) }
    public func cancel(_ run: RunID) async throws(JobError) { try await base.cancel(run) }
    public func retry(_ job: JobID) async throws(JobError) -> JobState { try await base.retry(job) }
    @discardableResult
    public func discard(_ job: JobID) async throws(JobError) -> JobState { try await base.discard(job) }
    public func purge(_ job: JobID) async throws(JobError) { try await base.purge(job) }
    public func purge(_ run: RunID) async throws(JobError) { try await base.purge(run) }
    public func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        try await base.purgeEnded(before: before, limit: limit)
    }
    public func control(_ kind: JobKind) async throws(JobError) -> QueueControl { try await base.control(kind) }
    public func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError) {
        try await base.setControl(kind, control)
    }
    public func pause(_ kind: JobKind) async throws(JobError) { try await base.pause(kind) }
    public func resume(_ kind: JobKind) async throws(JobError) { try await base.resume(kind) }
    public func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit {
        try await base.check(repair: repair, cursor: cursor, limit: limit)
    }
    @discardableResult
    public func reap() async throws(JobError) -> Int { try await base.reap() }
    public func job(_ id: JobID) async throws(JobError) -> JobSnapshot? { try await base.job(id) }
    public func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage { try await base.jobs(filter) }
    public func run(_ id: RunID) async throws(JobError) -> RunSnapshot? { try await base.run(id) }
    public func runs(limit: Int) async throws(JobError) -> [RunSnapshot] { try await base.runs(limit: limit) }
    public func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent] {
        try await base.events(scope, after: cursor, limit: limit, wait: wait)
    }
    public func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage {
        try await base.parts(of: job, after: cursor, limit: limit, wait: wait)
    }
    public func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics] {
        try await base.statistics(kinds: kinds)
    }
    public func ping() async throws(JobError) { try await base.ping() }
}
