// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
public import Messages
import Redis
import Synchronization

extension RedisJobBroker {
    /// Takes up to `limit` ready jobs.
    public func claim(_ request: ClaimRequest) async throws(JobError) -> ClaimResult {
        // One request however often it is sent: a lost answer must not leave jobs with a holder that knows nothing.
        try await claim(request, named: FreshID.make())
    }

    func claim(_ request: ClaimRequest, named name: String) async throws(JobError) -> ClaimResult {
        guard request.limit > 0, !request.kinds.isEmpty else { return ClaimResult(jobs: []) }
        return try await claimed(try await run(QueueScripts.claim, Self.arguments(request, named: name)))
    }

    /// The arguments of the claim script; `name` is the call's, however often it is sent.
    private static func arguments(_ request: ClaimRequest, named name: String) -> [String] {
        [
            request.worker.rawValue, String(request.lease.milliseconds), String(min(request.limit, 100)), name,
            request.loaded.map { $0.isEmpty ? "," : $0.joined(separator: ",") } ?? "",
        ] + request.kinds.map(\.rawValue)
    }

    /// What a claim's reply holds.
    private func claimed(_ reply: RESPValue) async throws(JobError) -> ClaimResult {
        guard let parts = reply.array, let due = parts.first?.integer else { throw .unexpectedReply("claim") }
        var result = ClaimResult(jobs: [], nextDue: due < 0 ? nil : .milliseconds(due))
        for part in parts.dropFirst() {
            let record: ClaimedRecord
            do throws(JobError) {
                record = try ClaimedRecord(part)
            } catch {
                // It would come again and again, and the others with it.
                guard let values = part.array, values.count > 1, let id = values[0].string,
                    let fence = values[1].string.flatMap({ UInt64($0) })
                else { throw error }
                let failure = JobFailure(
                    .internalError, title: "The job's record can't be read", detail: error.description)
                try await fail(JobID(id), fence: Fence(fence), failure: failure, retryAfter: .zero)
                continue
            }
            do throws(MessageError) {
                result.jobs.append(try record.resolvedEnvelope())
            } catch {
                // What an earlier stage gave will not change: the stage has failed for good.
                let failure = JobFailure(
                    .badInput, title: "An earlier stage's output is missing", detail: "\(error)")
                try await fail(
                    record.envelope.id, fence: record.envelope.fence, failure: failure, retryAfter: .zero)
            }
        }
        return result
    }

    /// Returns when a job of these kinds may have become ready.
    public func waitForWork(kinds: [JobKind], loaded: [String]?, timeout: Duration) async throws(JobError) {
        // Zero would be for ever.
        let milliseconds = max(1, timeout.milliseconds)
        let lists = kinds.map { keys.wake($0) } + (loaded ?? []).map { keys.call($0) }
        let arguments = lists + ["\(Double(milliseconds) / 1000)"]
        let command = RedisCommand("BLPOP", arguments: arguments)
        do {
            try await waitPool.withConnection { connection in
                _ = try await connection.wait(command, limit: .milliseconds(milliseconds))
            }
        } catch {
            throw JobError(error, operation: "wait for work")
        }
    }

    /// Extends leases. Tried once, on a connection of its own: the caller knows when to try again.
    public func heartbeat(_ beats: [Heartbeat], lease: Duration) async throws(JobError) -> [HeartbeatReply] {
        guard !beats.isEmpty else { return [] }
        var arguments = [String(lease.milliseconds)]
        for beat in beats {
            arguments += [beat.job.rawValue, beat.fence.description]
            if let progress = beat.progress {
                arguments.append(try Self.json(progress, "heartbeat"))
            } else {
                arguments.append("")
            }
        }
        let reply: RESPValue
        do {
            reply = try await heartbeatPool.withConnection { [keys, arguments] connection in
                try await connection.run(QueueScripts.heartbeat, keys: [keys.meta], arguments: arguments)
            }
        } catch {
            throw JobError(error, operation: "heartbeat")
        }
        let answers: [HeartbeatReply]? = reply.array?.map { [1: .held, 2: .cancelRequested][$0.integer] ?? .stale }
        guard let answers, answers.count == beats.count else { throw .unexpectedReply("heartbeat") }
        return answers
    }

    /// Ends a job with success.
    public func complete(_ job: JobID, fence: Fence, result: JobResult) async throws(JobError) {
        let reply = try await complete([Completion(job: job, fence: fence, result: result)], thenClaim: nil)
        if let refusal = reply.refusals.first ?? nil { throw refusal }
    }

    /// Ends attempts with success and takes further jobs.
    public func complete(
        _ completions: [Completion], thenClaim next: ClaimRequest?
    ) async throws(JobError) -> CompletionReply {
        var refusals = [JobError?](repeating: nil, count: completions.count)
        var batch = CompletionBatch()
        for (index, completion) in completions.enumerated() {
            let text: String
            do throws(JobError) {
                text = try Self.json(completion.result, "complete")
            } catch {
                refusals[index] = error
                continue
            }
            guard text.utf8.count <= options.maximumResultBytes else {
                refusals[index] = SubmissionCheck.tooLarge(
                    completion.job, text.utf8.count, options.maximumResultBytes)
                continue
            }
            if batch.isFull(before: text) {
                _ = try await send(&batch, claiming: [], &refusals)
            }
            batch.append(index, completion, text)
        }
        guard let next, next.limit > 0, !next.kinds.isEmpty else {
            if !batch.isEmpty { _ = try await send(&batch, claiming: [], &refusals) }
            return CompletionReply(refusals: refusals, claimed: ClaimResult(jobs: []))
        }
        let arguments = Self.arguments(next, named: FreshID.make())
        let reply = try await send(&batch, claiming: arguments, &refusals)
        do throws(JobError) {
            return CompletionReply(refusals: refusals, claimed: try await claimed(reply))
        } catch {
            // What has ended has ended; the next claim tells the same, if it still holds.
            guard !completions.isEmpty else { throw error }
            logger.error("A claimed job can't be read", metadata: ["error": "\(error)"])
            return CompletionReply(refusals: refusals, claimed: ClaimResult(jobs: []))
        }
    }

    /// Sends a batch and empties it; notes refusals; gives the claim's reply.
    private func send(
        _ batch: inout CompletionBatch, claiming: [String], _ refusals: inout [JobError?]
    ) async throws(JobError) -> RESPValue {
        let reply = try await run(QueueScripts.complete, batch.arguments + claiming)
        guard let parts = reply.array, parts.count == 2, let outcomes = parts[0].array,
            outcomes.count == batch.entries.count
        else { throw .unexpectedReply("complete") }
        for (entry, outcome) in zip(batch.entries, outcomes) where outcome.integer != 1 {
            refusals[entry.index] = SubmissionCheck.stale("complete", entry.job)
        }
        batch = CompletionBatch()
        return parts[1]
    }

    /// Ends an attempt with an error.
    @discardableResult
    public func fail(
        _ job: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) async throws(JobError) -> JobState {
        let reply = try await run(
            QueueScripts.fail,
            [
                job.rawValue, fence.description, try Self.json(failure, "fail"), failure.retryable ? "1" : "0",
                String(retryAfter.milliseconds),
            ])
        return try Self.state(reply, "fail", job)
    }

    /// Gives a job back.
    public func release(_ job: JobID, fence: Fence) async throws(JobError) {
        _ = try Self.state(try await run(QueueScripts.release, [job.rawValue, fence.description]), "release", job)
    }

    /// Ends an attempt whose cancellation was asked for.
    public func confirmCancelled(_ job: JobID, fence: Fence) async throws(JobError) {
        let reply = try await run(QueueScripts.confirmCancelled, [job.rawValue, fence.description])
        guard reply.string == "ok" else { throw SubmissionCheck.stale("confirm cancellation", job) }
    }

    /// Gives jobs whose lease ended back to the queue, and does the other upkeep; goes on while there is more at once.
    @discardableResult
    public func reap() async throws(JobError) -> Int {
        var count = 0
        // A bound, so that one worker does not do the upkeep of a huge backlog alone.
        for _ in 0..<50 {
            let (reaped, hasMore) = try await reapSlice()
            count += reaped
            if !hasMore || Task.isCancelled { break }
        }
        return count
    }

    private func reapSlice() async throws(JobError) -> (count: Int, hasMore: Bool) {
        let advice = stall.detector.withLock { $0.advice(now: .now, lease: options.lease) }
        let arguments = [
            String(options.lease.milliseconds), advice.expected.map(String.init) ?? "", advice.hadGap ? "1" : "0",
            String(options.crashPause.milliseconds),
        ]
        let reply: RESPValue
        do {
            // Once: repeated later, the expectation would be of another time.
            reply = try await pool.withConnection { [keys] connection in
                try await connection.run(QueueScripts.reap, keys: [keys.meta], arguments: arguments)
            }
        } catch {
            throw JobError(error, operation: "reap")
        }
        guard let parts = reply.array, parts.count == 3, let count = parts[0].integer, let server = parts[1].integer
        else { throw .unexpectedReply("reap") }
        stall.detector.withLock { $0.answered(server: Int64(server), now: .now) }
        return (count, parts[2].integer == 1)
    }

    static func state(_ reply: RESPValue, _ operation: String, _ job: JobID) throws(JobError) -> JobState {
        guard let text = reply.string, text != "stale" else { throw SubmissionCheck.stale(operation, job) }
        guard let state = JobState(rawValue: text) else { throw .unexpectedReply(operation) }
        return state
    }
}
