// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Synchronization

/// A broker that can be taken away, as a stopped Redis is, and given back.
final class BrokenBroker: JobBroker {
    private let base = InMemoryJobBroker()
    private let away: Mutex<Bool>

    init(isAway: Bool = true) { away = Mutex(isAway) }

    func setAway(_ isAway: Bool) { away.withLock { $0 = isAway } }

    private func there() throws(JobError) -> InMemoryJobBroker {
        guard !away.withLock({ $0 }) else {
            throw JobError(.unavailable, operation: "test", detail: "connection refused by 10.0.0.7")
        }
        return base
    }

    func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt {
        try await there().submit(submission)
    }
    func submit(_ submissions: [JobSubmission]) async throws(JobError) -> [Result<SubmitReceipt, JobError>] {
        try await there().submit(submissions)
    }
    func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt {
        try await there().submit(submission)
    }
    func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult { try await there().claim(request) }
    func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply] { try await there().publish(parts) }
    func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage {
        try await there().parts(of: job, after: cursor, limit: limit, wait: wait)
    }
    func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError) {
        try await there().waitForWork(kinds: kinds, loaded: loaded, timeout: timeout)
    }
    func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply] {
        try await there().heartbeat(beats, lease: lease)
    }
    func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError) {
        try await there().complete(job, fence: fence, result: result)
    }
    func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState {
        try await there().fail(job, fence: fence, failure: failure, retryAfter: retryAfter)
    }
    func release(_ job: JobID, fence: Fence) async throws(JobError) { try await there().release(job, fence: fence) }
    func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError) {
        try await there().confirmCancelled(job, fence: fence)
    }
    func cancel(_ job: JobID) async throws(JobError) -> JobState { try await there().cancel(job) }
    func cancel(_ run: RunID) async throws(JobError) { try await there().cancel(run) }
    func retry(_ job: JobID) async throws(JobError) -> JobState { try await there().retry(job) }
    func discard(_ job: JobID) async throws(JobError) -> JobState { try await there().discard(job) }
    func purge(_ job: JobID) async throws(JobError) { try await there().purge(job) }
    func purge(_ run: RunID) async throws(JobError) { try await there().purge(run) }
    func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        try await there().purgeEnded(before: before, limit: limit)
    }
    func control(_ kind: JobKind) async throws(JobError) -> QueueControl { try await there().control(kind) }
    func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError) {
        try await there().setControl(kind, control)
    }
    func pause(_ kind: JobKind) async throws(JobError) { try await there().pause(kind) }
    func resume(_ kind: JobKind) async throws(JobError) { try await there().resume(kind) }
    func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit {
        try await there().check(repair: repair, cursor: cursor, limit: limit)
    }
    func reap() async throws(JobError) -> Int { try await there().reap() }
    func job(_ id: JobID) async throws(JobError) -> JobSnapshot? { try await there().job(id) }
    func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage { try await there().jobs(filter) }
    func run(_ id: RunID) async throws(JobError) -> RunSnapshot? { try await there().run(id) }
    func runs(limit: Int) async throws(JobError) -> [RunSnapshot] { try await there().runs(limit: limit) }
    func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent] {
        try await there().events(scope, after: cursor, limit: limit, wait: wait)
    }
    func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics] {
        try await there().statistics(kinds: kinds)
    }
    func ping() async throws(JobError) { try await there().ping() }
}
