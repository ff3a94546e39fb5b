// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What a person does to ended jobs, and what time does to them.
extension MemoryQueue {
    /// The twin of `discard.lua`.
    mutating func discard(_ id: JobID) throws(JobError) -> JobState {
        guard let job = jobs[id] else { throw SubmissionCheck.missing("discard", id.rawValue) }
        guard job.state.isTerminal else {
            throw SubmissionCheck.notEnded("discard", id.rawValue, job.state.rawValue)
        }
        guard job.snapshot.run == nil else { throw SubmissionCheck.isStage("discard", id) }
        guard isOver(job) else { throw SubmissionCheck.isNeeded("discard", id.rawValue) }
        if let parent = job.snapshot.parent { jobs[parent]?.children.remove(id) }
        forgetTree(id)
        return job.state
    }

    private mutating func forgetTree(_ id: JobID) {
        for child in jobs[id]?.children ?? [] where jobs[child]?.state.isTerminal == true { forgetTree(child) }
        jobs[id] = nil
        log.forget(id)
    }

    /// Whether neither a run nor a parent can need an ended job's result any more.
    private func isOver(_ job: MemoryJob) -> Bool {
        if let run = job.snapshot.run { return runs[run]?.state != .running }
        return job.snapshot.parent.flatMap { jobs[$0]?.state.isTerminal } ?? true
    }

    /// The twin of `purge.lua`.
    mutating func purge(_ id: JobID) throws(JobError) {
        guard let job = jobs[id] else { throw SubmissionCheck.missing("purge", id.rawValue) }
        if job.state.isTerminal, !isOver(job) { throw SubmissionCheck.isNeeded("purge", id.rawValue) }
        if let refusal = purgeTree(id) { throw refusal }
    }

    mutating func purge(_ id: RunID) throws(JobError) {
        guard let run = runs[id] else { throw SubmissionCheck.missing("purge", id.rawValue) }
        guard run.state != .running else {
            throw SubmissionCheck.notEnded("purge", id.rawValue, run.state.rawValue)
        }
        var refusal: JobError?
        for stage in run.stages { refusal = purgeTree(stage) ?? refusal }
        if let refusal { throw refusal }
    }

    /// Purges what has ended of a tree of jobs; gives the error where something has not.
    private mutating func purgeTree(_ id: JobID) -> JobError? {
        guard let job = jobs[id] else { return nil }
        guard job.state.isTerminal else {
            return SubmissionCheck.notEnded("purge", id.rawValue, job.state.rawValue)
        }
        purgeText(id)
        var refusal: JobError?
        for child in job.children.sorted() { refusal = refusal ?? purgeTree(child) }
        return refusal
    }

    private mutating func purgeText(_ id: JobID) {
        guard var job = jobs[id] else { return }
        if let error = job.snapshot.error {
            job.snapshot.error = JobFailure(
                error.type, title: error.title, detail: "purged", retryable: error.retryable)
        }
        job.snapshot.progress = nil
        jobs[id] = job
        dropText(id)
        log.purge(id)
        count(job.snapshot.kind, "purged")
    }

    private mutating func dropText(_ id: JobID) {
        jobs[id]?.message.payload = .null
        jobs[id]?.snapshot.result = nil
        jobs[id]?.textSince = nil
        jobs[id]?.parts = []
    }

    /// The twin of `purge_ended.lua`.
    mutating func purgeEnded(before: Int64, limit: Int) -> Int {
        func rank(_ job: MemoryJob) -> (Int, Int64, JobID) { (isDone(job) ? 0 : 1, job.textSince ?? 0, job.id) }
        let over = jobs.values.filter { job in
            job.state.isTerminal && job.textSince.map { $0 < before } ?? false && isOver(job)
        }.sorted { rank($0) < rank($1) }.prefix(max(0, limit))
        for job in over { purgeText(job.id) }
        return over.count
    }

    /// Whether no retry can need an ended job's payload or result.
    private func isDone(_ job: MemoryJob) -> Bool {
        if let run = job.snapshot.run { return runs[run]?.state == .succeeded }
        return job.state == .succeeded || job.snapshot.parent != nil
    }

    /// Removes payloads and results whose time is over, as `reap.lua` does.
    mutating func dropOldTexts(retention: Duration) {
        for job in jobs.values where job.state.isTerminal && isOver(job) && isDone(job) {
            if let since = job.textSince, since <= now - retention.milliseconds { dropText(job.id) }
        }
    }

    /// The twin of `check.lua`: here the only index is the set of open jobs, and the runs' states.
    mutating func check(repair: Bool, cursor: String?, limit: Int) throws(JobError) -> QueueAudit {
        var start = Int64.min
        if let cursor {
            guard let order = Int64(cursor) else { throw SubmissionCheck.badCursor("check") }
            start = order
        }
        let page = jobs.values.filter { $0.order > start }.sorted { $0.order < $1.order }
            .prefix(min(100, max(1, limit)))
        var audit = QueueAudit(
            cursor: page.count == min(100, max(1, limit)) ? page.last.map { String($0.order) } : nil,
            jobsSeen: page.count, findings: [], repaired: 0)
        for job in page where open.contains(job.id) == job.state.isTerminal {
            audit.findings.append(
                .init(job: job.id, problem: job.state.isTerminal ? .wronglyIndexed : .notIndexed))
            guard repair else { continue }
            if job.state.isTerminal { open.remove(job.id) } else { open.insert(job.id) }
            count(job.snapshot.kind, "repaired")
            audit.repaired += 1
        }
        return audit
    }
}
