// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension MemoryQueue {
    /// The twin of `cancel_run.lua`.
    mutating func cancel(_ id: RunID) throws(JobError) {
        guard let run = runs[id] else { throw SubmissionCheck.missing("cancel", id.rawValue) }
        guard run.state == .running else { return }
        runs[id]?.isCancelRequested = true
        for stage in run.stages.reversed() { cancel(stage) }
    }

    /// The twin of `retry.lua`.
    mutating func retry(_ id: JobID) throws(JobError) -> JobState {
        guard let job = jobs[id] else { throw SubmissionCheck.missing("retry", id.rawValue) }
        guard [.failed, .dead, .cancelled, .expired].contains(job.state) else {
            throw SubmissionCheck.notRetryable(id, job.state.rawValue)
        }
        guard hasText(job) else { throw SubmissionCheck.payloadGone(id) }
        guard mayLive(job) else { throw SubmissionCheck.notRetryable(id, JobState.upstreamFailed.rawValue) }
        for child in job.children {
            guard let state = jobs[child]?.state else { continue }
            if !state.isTerminal {
                jobs[child]?.snapshot.cancelRequested = false
            } else if state != .succeeded {
                jobs[child] = nil
                log.forget(child)
                jobs[id]?.children.remove(child)
            }
        }
        revive(id)
        if let run = job.snapshot.run {
            for stage in runs[run]?.stages ?? [] {
                if let job = jobs[stage], job.state == .upstreamFailed, mayLive(job), hasText(job) { revive(stage) }
            }
            runs[run]?.state = .running
            runs[run]?.finished = nil
            runs[run]?.isCancelRequested = false
        }
        return jobs[id]?.state ?? .ready
    }

    /// Whether an ended job still has its payload.
    private func hasText(_ job: MemoryJob) -> Bool { job.textSince != nil }

    private func parentIDs(of job: MemoryJob) -> [(stage: String, id: JobID)] {
        guard let run = job.snapshot.run else { return [] }
        return job.parents.map { ($0, JobID("\(run).\($0)")) }
    }

    /// Whether a stage's parents allow it to run or to wait.
    private func mayLive(_ job: MemoryJob) -> Bool {
        parentIDs(of: job).allSatisfy { stage, id in
            guard let state = jobs[id]?.state else { return false }
            return state == .succeeded || !state.isTerminal || !job.needs(stage)
        }
    }

    private mutating func revive(_ id: JobID) {
        guard var job = jobs[id] else { return }
        let old = job.snapshot
        job.snapshot = JobSnapshot(
            id: id, kind: old.kind, state: .waiting, run: old.run, stage: old.stage, parent: old.parent,
            tenant: old.tenant, priority: old.priority, created: old.created, started: old.started)
        job.done = nil
        job.deadline = nil
        job.textSince = nil
        job.parts = []
        job.openParents = Set(parentIDs(of: job).map(\.id).filter { jobs[$0]?.state.isTerminal == false })
        jobs[id] = job
        open.insert(id)
        count(old.kind, "retried")
        if job.openParents.isEmpty { makeReady(id) } else { enter(id, .waiting) }
    }

    // MARK: Reading

    /// The twin of `read_jobs.lua`.
    func page(_ filter: JobFilter) throws(JobError) -> JobPage {
        var before = Int64.max
        if let cursor = filter.after {
            guard let order = Int64(cursor) else { throw SubmissionCheck.badCursor("list jobs") }
            before = order
        }
        let limit = min(1000, max(1, filter.limit))
        let matching = jobs.values.filter { job in
            job.order < before && filter.state.map { $0 == job.state } ?? true
                && filter.kind.map { $0 == job.snapshot.kind } ?? true
                && filter.run.map { $0 == job.snapshot.run } ?? true
        }.sorted { $0.order > $1.order }
        let taken = matching.prefix(limit)
        let snapshots = taken.map { job in
            var snapshot = job.snapshot
            snapshot.result = nil
            return snapshot
        }
        return JobPage(jobs: snapshots, next: matching.count > limit ? taken.last.map { String($0.order) } : nil)
    }

    func snapshot(of id: RunID) -> RunSnapshot? {
        guard let run = runs[id] else { return nil }
        return RunSnapshot(
            id: id, name: run.recipe.name, tenant: run.tenant, state: run.state, created: run.created,
            finished: run.finished, stages: run.stages.compactMap { jobs[$0]?.snapshot })
    }

    func statistics(of kind: JobKind) -> QueueStatistics {
        var depth: [JobState: Int] = [.ready: 0, .delayed: 0, .running: 0, .waiting: 0, .parked: 0]
        let live = open.compactMap { jobs[$0] }.filter { $0.snapshot.kind == kind }
        for job in live { depth[job.state, default: 0] += 1 }
        depth[.dead] = jobs.values.count { $0.state == .dead && $0.snapshot.kind == kind }
        let oldest = live.filter { $0.state == .ready }.min { $0.place < $1.place }
        return QueueStatistics(
            kind: kind, depth: depth, oldestReady: oldest.map { .milliseconds(max(0, now - $0.since)) },
            counters: counters[kind] ?? [:])
    }
}
