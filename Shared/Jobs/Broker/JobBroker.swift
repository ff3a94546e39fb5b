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

    /// Accepts up to 1000 jobs in one call, in order, each accepted or refused by itself. Later ones may name earlier ones
    /// as their parent. Throws where the broker can't be reached or the call is too large.
    func submit(_ submissions: [JobSubmission]) async throws(JobError) -> [Result<SubmitReceipt, JobError>]

    /// Accepts a run: all its stages and edges at once, roots ready, the rest waiting.
    func submit(_ submission: RunSubmission) async throws(JobError) -> RunSubmitReceipt

    /// Takes up to `limit` ready jobs of these kinds, best first, under a lease.
    ///
    /// Stage references of the payload are already replaced by the parents' outputs.
    func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult

    /// Returns when a job of these kinds may have become ready for a worker that has this loaded (see `ClaimRequest`), or
    /// after `timeout`. Never hands out a job.
    func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError)

    /// Extends leases and stores progress; answers in the order of the beats.
    func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply]

    /// Adds parts of running attempts' answers to their jobs' streams; answers one a part. What is stale is dropped.
    func publish(_ parts: [JobPart]) async throws(JobError) -> [HeartbeatReply]

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

    /// Forgets an ended job (a dead letter) with the jobs it asked for; `wrongState` where it has not ended, is a stage
    /// of a run, or was asked for by a job that has not ended. Returns the state it had.
    @discardableResult
    func discard(_ job: JobID) async throws(JobError) -> JobState

    /// Removes payload, result, progress and the error's detail of an ended job and of the jobs it asked for; states and
    /// counters stay. `wrongState` where one of them has not ended.
    func purge(_ job: JobID) async throws(JobError)

    /// The same for every stage of an ended run.
    func purge(_ run: RunID) async throws(JobError)

    /// Purges up to `limit` jobs that ended before a time (ms since 1970, server clock), what succeeded first and the
    /// oldest of it first, but none whose run or parent has not ended. Returns how many; call again until 0.
    func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int

    /// What is set for a queue.
    func control(_ kind: JobKind) async throws(JobError) -> QueueControl

    /// Sets pause and limits of a queue. A raised limit makes parked jobs ready, at once or at the next reaps.
    func setControl(_ kind: JobKind, _ control: QueueControl) async throws(JobError)

    /// Ends the claiming from a queue; limits stay as they are.
    func pause(_ kind: JobKind) async throws(JobError)

    /// Lets a queue be claimed from again.
    func resume(_ kind: JobKind) async throws(JobError)

    /// Audits a slice of the jobs and indexes, from a cursor (nil: from the start), and mends what it finds if asked.
    func check(repair: Bool, cursor: String?, limit: Int) async throws(JobError) -> QueueAudit

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

    /// Parts of a job's answer after a cursor (nil: from the start), and its state. Where there are none yet and it has not
    /// ended, waits up to `wait` for either.
    func parts(
        of job: JobID, after cursor: String?, limit: Int, wait: Duration
    ) async throws(JobError) -> PartPage

    /// Depths and counters by kind, for metrics.
    func statistics(kinds: [JobKind]) async throws(JobError) -> [QueueStatistics]

    /// Answers when the broker can take work.
    func ping() async throws(JobError)
}
