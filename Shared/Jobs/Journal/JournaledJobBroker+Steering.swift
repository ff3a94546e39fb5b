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
    public func discard(_ job: JobID) async throws(JobError) -> JobState {
        let entry = await steer(.discard, job: job)
        let state: JobState
        do {
            state = try await base.discard(job)
        } catch {
            await refuse([entry])
            throw error
        }
        try await erase(jobs: [job], runs: [])
        return state
    }

    public func purge(_ job: JobID) async throws(JobError) {
        try await base.purge(job)
        await steer(.purge, job: job)
        // A stage is purged only when its run has ended: the recipe, which has its payload, is not needed any more.
        let run = job.rawValue.split(separator: ".").first.map { RunID(String($0)) }
        try await erase(jobs: [job], runs: run.map { [$0] } ?? [])
    }

    public func purge(_ run: RunID) async throws(JobError) {
        try await base.purge(run)
        await steer(.purge, run: run)
        try await erase(jobs: [], runs: [run])
    }

    public func purgeEnded(before: Int64, limit: Int) async throws(JobError) -> Int {
        let count = try await base.purgeEnded(before: before, limit: limit)
        // The last slice: what had ended by then goes from the journal too.
        if count < limit { try await eraseEnded(before: before) }
        return count
    }

    private func eraseEnded(before: Int64) async throws(JobError) {
        let found = Mutex<(jobs: Set<JobID>, runs: Set<RunID>)>(([], []))
        try await journal.read { (frame, _) throws(JobError) in
            found.withLock { found in
                if frame.record.action == .job, let job = frame.record.job { found.jobs.insert(job) }
                if frame.record.action == .run, let run = frame.record.run { found.runs.insert(run) }
            }
        }
        let candidates = found.withLock { $0 }
        var jobs: Set<JobID> = []
        var runs: Set<RunID> = []
        for id in candidates.jobs {
            guard let job = try await base.job(id), job.state.isTerminal, job.finished ?? .max < before else {
                continue
            }
            jobs.insert(id)
        }
        for id in candidates.runs {
            guard let run = try await base.run(id), run.state != .running, run.finished ?? .max < before else {
                continue
            }
            runs.insert(id)
        }
        try await erase(jobs: jobs, runs: runs)
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
