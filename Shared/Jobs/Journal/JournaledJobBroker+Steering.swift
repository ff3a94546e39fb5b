// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
public import Messages
import Synchronization

/// What a person does to a job is journalled first: a replay must not bring back what a person has ended.
///
/// A journal that can't be written does not keep anyone from cancelling.
extension JournaledJobBroker {
    public func cancel(_ job: JobID) async throws(JobError) -> JobState {
        await steer(.cancel, job: job)
        return try await base.cancel(job)
    }

    public func cancel(_ run: RunID) async throws(JobError) {
        await steer(.cancel, run: run)
        try await base.cancel(run)
    }

    public func retry(_ job: JobID) async throws(JobError) -> JobState {
        let entry = await steer(.retry, job: job)
        do {
            return try await base.retry(job)
        } catch {
            await refuse([entry])
            throw error
        }
    }

    @discardableResult
    func steer(_ action: JournalRecord.Action, job: JobID? = nil, run: RunID? = nil) async -> UInt64 {
        var record = journal.draft(action)
        record.job = job
        record.run = run
        do {
            try await journal.append([JournalFrame(record)])
        } catch {
            logger.warning("A replay of the journal will not know of this", metadata: ["action": "\(action.rawValue)"])
        }
        return record.entry
    }

    /// Removes the submissions of these from the disk, and frees their keys.
    func erase(jobs: Set<JobID>, runs: Set<RunID>) async throws(JobError) {
        guard !jobs.isEmpty || !runs.isEmpty else { return }
        try await journal.erase { record in
            switch record.action {
            case .job: record.job.map(jobs.contains) ?? false
            case .run: record.run.map(runs.contains) ?? false
            default: false
            }
        }
        index.withLock { index in
            for id in jobs.map(\.rawValue) + runs.map(\.rawValue) { index.forget(id) }
        }
    }
}
