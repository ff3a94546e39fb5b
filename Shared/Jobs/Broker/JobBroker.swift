// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Where jobs wait, and who holds them: each method is one atomic transition of docs/jobs.md, on the broker's clock.
///
/// Delivery is at least once; a fence makes publishing happen once. Every call is idempotent for its (job, fence):
/// a caller whose reply was lost may ask again. Both brokers pass one conformance suite.
public protocol JobBroker: Sendable {
    /// Accepts one job. An idempotency key seen before answers with its first job (`JobError.conflict` where the body
    /// differs); an id seen before is a no-op that answers with that job.
    func submit(_ submission: JobSubmission) async throws(JobError) -> SubmitReceipt

    /// Accepts a run: all its stages and edges at once, roots ready, the rest waiting.
    func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt

    /// Takes up to `limit` ready jobs of these kinds, best first, under a lease.
    ///
    /// Stage references of the payload are already replaced by the parents' outputs.
    func claim(kinds: [JobKind], worker: WorkerID, limit: Int, lease: Duration) async throws(JobError) -> ClaimResult

    /// Returns when a job of these kinds may have become ready, or after `timeout`. Never hands out a job.
    func waitForWork(kinds: [JobKind], timeout: Duration) async throws(JobError)

    /// Extends leases and stores progress; answers in the order of the beats.
    func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply]

    /// Ends a job with success. Throws `staleFence` where another attempt holds it or holds it no more.
    func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError)

    /// Ends attempts with success, each as `complete` does, and then takes further jobs as `claim` does, in one call.
    ///
    /// A completion that is refused is told in the reply; what is thrown is of the whole call, which may be repeated.
    func complete(
        _ completions: [Completion], thenClaim next: ClaimRequest?
    ) async throws(JobError) -> CompletionReply

    /// Ends an attempt with an error: retried after `retryAfter` when the failure is retryable and attempts are left,
    /// else `failed` (permanent) or `dead` (exhausted). Returns the state that follows.
    @discardableResult
    func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState

    /// Gives a job back at its old place because its worker stops; counts as an interruption, not as an attempt.
    func release(_ job: JobID, fence: Fence) async throws(JobError)

    /// Ends an attempt of a job whose cancellation was asked for.
    func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError)

    /// Cancels a job and the jobs it asked for: at once when it is not running, else at its next heartbeat.
    /// Returns the state that follows; a terminal job stays as it is.
    func cancel(_ job: JobID) async throws(JobError) -> JobState

    /// Cancels every stage of a run.
    func cancel(_ run: RunID) async throws(JobError)

    /// Makes a `failed`, `dead`, `cancelled` or `expired` job ready again with fresh counters, and the descendants that
    /// it had failed waiting again. Returns the state that follows.
    func retry(_ job: JobID) async throws(JobError) -> JobState

    /// Gives jobs whose lease ended back to the queue, or to the dead. Returns how many.
    @discardableResult
    func reap() async throws(JobError) -> Int

    func job(_ id: JobID) async throws(JobError) -> JobSnapshot?
    /// The newest first.
    func jobs(_ filter: JobFilter) async throws(JobError) -> JobPage
    func run(_ id: RunID) async throws(JobError) -> RunSnapshot?
    func runs(limit: Int) async throws(JobError) -> [RunSnapshot]

    /// Events after a cursor (nil: from the start), waiting up to `wait` where there are none yet.
    func events(
        _ scope: EventScope, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> [JobEvent]

    /// Depths and counters by kind, for metrics.
    func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics]

    /// Answers when the broker can take work.
    func ping() async throws(JobError)
}
