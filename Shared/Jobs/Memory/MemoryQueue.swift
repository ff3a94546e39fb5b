// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The queue's state as one value: every transition of docs/jobs.md as a mutation, with no clock, lock or task.
///
/// The twin of the scripts in `Scripts/`; both pass one conformance suite.
struct MemoryQueue {
    /// The broker's time in ms, set before each transition.
    var now: Int64 = 0
    var jobs: [JobID: MemoryJob] = [:]
    /// Jobs that have not ended.
    var open: Set<JobID> = []
    var runs: [RunID: MemoryRun] = [:]
    var runOrder: [RunID] = []
    var log = MemoryEventLog()
    var counters: [JobKind: [String: Int]] = [:]
    var idempotency: [String: String] = [:]
    /// Kinds for which something has become ready since the broker last looked.
    var wokenKinds: Set<JobKind> = []

    private var lastOrder: Int64 = 0
    private var lastFence: UInt64 = 0

    /// A number that grows with every call and with time.
    mutating func nextOrder() -> Int64 {
        lastOrder = max(lastOrder + 1, now * 1024)
        return lastOrder
    }

    /// The next fence: never one that was given out.
    mutating func nextFence() -> UInt64 {
        lastFence = max(lastFence + 1, UInt64(max(0, now)) * 1000)
        return lastFence
    }

    mutating func count(_ kind: JobKind, _ name: String) { counters[kind, default: [:]][name, default: 0] += 1 }

    mutating func emit(
        _ kind: JobEvent.Kind, _ job: MemoryJob, state: JobState? = nil, progress: JobProgress? = nil,
        error: JobFailure? = nil
    ) {
        log.append(
            JobEvent(
                id: "", kind: kind, job: job.id, run: job.snapshot.run, stage: job.snapshot.stage, state: state,
                progress: progress, error: error), now: now)
    }

    /// Puts a job among the ready, or the delayed until `due`.
    mutating func makeReady(_ id: JobID, due: Int64? = nil, error: JobFailure? = nil) {
        guard var job = jobs[id] else { return }
        let isDelayed = due.map { $0 > now } ?? false
        // What was delayed could be claimed when its pause was over, whoever noticed when.
        if job.state != .delayed || due != nil { job.since = max(due ?? 0, now) }
        job.snapshot.state = isDelayed ? .delayed : .ready
        job.due = due ?? 0
        jobs[id] = job
        open.insert(id)
        wokenKinds.insert(job.snapshot.kind)
        emit(.state, job, state: job.state, error: error)
    }

    /// Ends a job, and all that follows from it.
    mutating func close(_ id: JobID, _ state: JobState, error: JobFailure? = nil, result: JobResult? = nil) {
        guard var job = jobs[id] else { return }
        job.snapshot.state = state
        job.snapshot.finished = now
        if let error { job.snapshot.error = error }
        if let result { job.snapshot.result = result }
        jobs[id] = job
        open.remove(id)
        count(job.snapshot.kind, state.rawValue)
        emit(.state, job, state: state, error: error)
        for child in job.children.sorted() { cancel(child) }
        guard let run = job.snapshot.run else { return }
        for dependent in job.dependents.sorted() { advance(dependent, after: job) }
        closeIfEnded(run)
    }

    private mutating func advance(_ id: JobID, after parent: MemoryJob) {
        guard var job = jobs[id] else { return }
        job.openParents.remove(parent.id)
        jobs[id] = job
        guard job.state == .waiting, let stage = parent.snapshot.stage else { return }
        if parent.state != .succeeded, job.needs(stage) {
            let error = JobFailure(
                .upstreamFailed, title: "An earlier stage did not succeed",
                detail: "the stage \"\(stage)\" ended as \(parent.state.rawValue); mend it and retry that stage")
            close(id, .upstreamFailed, error: error)
        } else if job.openParents.isEmpty {
            makeReady(id)
        }
    }

    private mutating func closeIfEnded(_ id: RunID) {
        guard var run = runs[id], run.state == .running else { return }
        let stages = run.stages.compactMap { jobs[$0] }
        guard stages.allSatisfy(\.state.isTerminal) else { return }
        let relevant = stages.filter { $0.onFailure != .ignore }
        let hasFailed = relevant.contains { [.failed, .dead, .expired].contains($0.state) }
        let isCancelled = stages.contains { $0.state == .cancelled }
        if hasFailed {
            run.state = .failed
        } else if isCancelled {
            run.state = .cancelled
        } else {
            run.state = relevant.contains { $0.state == .upstreamFailed } ? .failed : .succeeded
        }
        if run.state != .succeeded, run.isCancelRequested { run.state = .cancelled }
        run.finished = now
        runs[id] = run
    }

    /// Asks for cancellation: at once where nobody holds the job, else a flag. Its children follow.
    mutating func cancel(_ id: JobID) {
        guard var job = jobs[id], !job.state.isTerminal else { return }
        guard job.state == .running else {
            close(id, .cancelled, error: .cancelled("cancelled before it ran"))
            return
        }
        guard !job.snapshot.cancelRequested else { return }
        job.snapshot.cancelRequested = true
        jobs[id] = job
        emit(.cancelRequested, job)
        for child in job.children.sorted() { cancel(child) }
    }
}

extension JobFailure {
    /// The error of a cancelled job.
    static func cancelled(_ detail: String) -> JobFailure {
        JobFailure(.cancelled, title: "The job was cancelled", detail: detail)
    }

    /// The error of a job past its deadline.
    static func expired(_ detail: String) -> JobFailure {
        JobFailure(.expired, title: "The deadline has passed", detail: detail)
    }
}
