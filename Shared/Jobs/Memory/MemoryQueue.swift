// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// The queue's state as one value: every transition of docs/jobs.md as a mutation, with no clock, lock or task.
///
/// The twin of the scripts in `Scripts/`; both pass one conformance suite. As a script does, a transition ends with
/// `settle`, which does what follows from the jobs that ended.
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
    var controls: [JobKind: QueueControl] = [:]
    var idempotency: [String: String] = [:]
    /// Until when each model is had by a worker that has asked for jobs.
    var models: [String: Int64] = [:]
    /// Kinds for which something has become ready since the broker last looked.
    var wokenKinds: Set<JobKind> = []

    /// Parts so far, of all jobs: what tells those of one moment apart.
    var partCount = 0
    private var ended: [JobID] = []
    /// Tenants of whose jobs some have left the ready or the running: as many parked ones may follow.
    private var freed: [Tenancy: Int] = [:]
    private var lastOrder: Int64 = 0
    private var lastFence: UInt64 = 0

    /// A tenant's part of a queue.
    struct Tenancy: Hashable {
        let kind: JobKind
        let tenant: String
    }

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

    /// Puts a job into a state, by the table of transitions.
    mutating func enter(_ id: JobID, _ state: JobState, error: JobFailure? = nil) {
        guard var job = jobs[id] else { return }
        precondition(
            JobTransition.isAllowed(from: job.entered, to: state),
            "no transition leads from \(job.entered?.rawValue ?? "nothing") to \(state)")
        if job.entered == .running, controls[job.snapshot.kind]?.maximumRunning != nil {
            wokenKinds.insert(job.snapshot.kind)
        }
        job.entered = state
        job.snapshot.state = state
        jobs[id] = job
        emit(.state, job, state: state, error: error)
    }

    private mutating func freeSlot(_ job: MemoryJob) {
        guard job.snapshot.parent == nil else { return }
        freed[Tenancy(kind: job.snapshot.kind, tenant: job.snapshot.tenant), default: 0] += 1
    }

    /// Puts a job among the ready, or the delayed until `due`.
    mutating func makeReady(_ id: JobID, due: Int64? = nil, error: JobFailure? = nil) {
        guard let job = jobs[id] else { return }
        let isDelayed = due.map { $0 > now } ?? false
        if isDelayed, job.entered == .running { freeSlot(job) }
        // What was delayed could be claimed when its pause was over, whoever noticed when.
        if isDelayed || job.entered != .delayed { jobs[id]?.since = max(due ?? 0, now) }
        jobs[id]?.due = due ?? 0
        open.insert(id)
        wokenKinds.insert(job.snapshot.kind)
        enter(id, isDelayed ? .delayed : .ready, error: error)
    }

    /// Ends a job; `settle` must follow.
    mutating func close(_ id: JobID, _ state: JobState, error: JobFailure? = nil, result: JobResult? = nil) {
        guard var job = jobs[id] else { return }
        if job.state == .running || job.state == .ready { freeSlot(job) }
        job.snapshot.finished = now
        if let error { job.snapshot.error = error }
        if let result { job.snapshot.result = result }
        job.textSince = now
        jobs[id] = job
        open.remove(id)
        count(job.snapshot.kind, state.rawValue)
        enter(id, state, error: error)
        ended.append(id)
    }

    /// What follows from the jobs that ended: their children, the stages after them, their runs, and the parked jobs
    /// that may run in their place.
    mutating func settle() {
        var touched: [RunID] = []
        var next = 0
        while next < ended.count {
            let id = ended[next]
            next += 1
            guard let job = jobs[id] else { continue }
            for child in job.children.sorted() { cancelAlone(child) }
            guard let run = job.snapshot.run else { continue }
            for dependent in job.dependents.sorted() { advance(dependent, after: job) }
            touched.append(run)
        }
        ended = []
        for run in touched { closeIfEnded(run) }
        let freed = freed
        self.freed = [:]
        for (tenancy, count) in freed where controls[tenancy.kind]?.tenantMaximumRunning != nil {
            unpark(tenancy, count)
        }
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
        for stage in run.stages { jobs[stage]?.textSince = now }
    }

    /// Asks for cancellation: at once where nobody holds the job, else a flag. Its children follow.
    mutating func cancel(_ id: JobID) {
        cancelAlone(id)
        guard let job = jobs[id], job.state == .running else { return }
        for child in job.children.sorted() { cancelAlone(child) }
    }

    private mutating func cancelAlone(_ id: JobID) {
        guard var job = jobs[id], !job.state.isTerminal else { return }
        guard job.state == .running else {
            close(id, .cancelled, error: .cancelled("cancelled before it ran"))
            return
        }
        guard !job.snapshot.cancelRequested else { return }
        job.snapshot.cancelRequested = true
        jobs[id] = job
        emit(.cancelRequested, job)
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
