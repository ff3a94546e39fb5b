// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages
import Redis

extension RedisJobBroker {
    /// Cancels a job and what it asked for.
    public func cancel(_ job: JobID) async throws(JobError) -> JobState {
        let reply = try await run(QueueScripts.cancel, [job.rawValue])
        guard let text = reply.string else { throw SubmissionCheck.missing("cancel", job.rawValue) }
        guard let state = JobState(rawValue: text) else { throw .unexpectedReply("cancel") }
        return state
    }

    /// Cancels every stage of a run.
    public func cancel(_ run: RunID) async throws(JobError) {
        let reply = try await self.run(QueueScripts.cancelRun, [run.rawValue])
        guard reply.string != nil else { throw SubmissionCheck.missing("cancel", run.rawValue) }
    }

    /// Makes an ended job ready again.
    public func retry(_ job: JobID) async throws(JobError) -> JobState {
        let reply = try await run(QueueScripts.retry, [job.rawValue])
        guard let parts = reply.array else { throw SubmissionCheck.missing("retry", job.rawValue) }
        guard parts.count == 2, let text = parts[1].string, let state = JobState(rawValue: text) else {
            throw .unexpectedReply("retry")
        }
        guard parts[0].string != "gone" else { throw SubmissionCheck.payloadGone(job) }
        guard parts[0].string == "ok" else { throw SubmissionCheck.notRetryable(job, text) }
        return state
    }
}
