// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

extension MemoryQueue {
    /// The twin of `claim.lua`.
    mutating func claim(_ request: ClaimRequest) -> ClaimResult {
        let (limit, loaded) = (min(request.limit, 100), request.loaded.map { Set($0) })
        for tag in loaded ?? [] { models[tag] = now + request.lease.milliseconds }
        let wanted = Set(request.kinds.filter { controls[$0]?.isPaused != true })
        for id in open.sorted() {
            guard let job = jobs[id], wanted.contains(job.snapshot.kind) else { continue }
            if job.state == .delayed, job.due <= now { makeReady(id) }
        }
        var room: [JobKind: Int] = [:]
        for kind in wanted { room[kind] = controls[kind]?.maximumRunning.map { $0 - running(kind) } }
        var claimed: [JobEnvelope] = []
        var broken: [(job: MemoryJob, failure: JobFailure)] = []
        while claimed.count + broken.count < limit,
            let id = best(of: wanted.filter { room[$0] ?? 1 > 0 }, loaded: loaded), var job = jobs[id]
        {
            if let deadline = job.deadline, deadline <= now {
                close(id, .expired, error: .expired("no worker was free in time"))
                continue
            }
            guard hasSlot(job) else {
                park(id)
                continue
            }
            job.fence = nextFence()
            job.snapshot.started = now
            job.leaseEnd = now + request.lease.milliseconds
            jobs[id] = job
            count(job.snapshot.kind, "claimed")
            enter(id, .running)
            if let left = room[job.snapshot.kind] { room[job.snapshot.kind] = left - 1 }
            switch resolvedEnvelope(of: job) {
            case .success(let envelope): claimed.append(envelope)
            case .failure(let failure): broken.append((job, failure))
            }
        }
        var due = open.compactMap { jobs[$0] }.filter { $0.state == .delayed && wanted.contains($0.snapshot.kind) }
            .map(\.due).min()
        if let loaded, claimed.count + broken.count < limit {
            let kinds = wanted.filter { room[$0] ?? 1 > 0 }
            if let left = untilTakeable(kinds, by: loaded) { due = min(due ?? .max, left) }
        }
        // As on Redis, where the claimer finds out and says so: after the claim.
        for (job, failure) in broken {
            _ = try? fail(job.id, fence: Fence(job.fence), failure: failure, retryAfter: .zero)
        }
        return ClaimResult(jobs: claimed, nextDue: due.map { .milliseconds(max(0, $0 - now)) })
    }

    /// The twin of `publish.lua`.
    mutating func publish(_ parts: [JobPart]) -> [HeartbeatReply] {
        parts.map { part in
            guard let job = jobs[part.job] else { return .stale }
            guard job.state == .running, job.fence == part.fence.value else {
                count(job.snapshot.kind, "stale_calls")
                return .stale
            }
            partCount += 1
            if job.partsUntil <= now { jobs[part.job]?.parts = [] }
            jobs[part.job]?.partsUntil = now + 600_000
            jobs[part.job]?.parts.append(
                PublishedPart(id: "\(now)-\(partCount)", attempt: job.attempt, part: part.part))
            log.noteNews(of: part.job)
            return job.snapshot.cancelRequested ? .cancelRequested : .held
        }
    }

    /// The attempt with earlier stages' outputs in its payload, or the error of a payload that names what is not there.
    private func resolvedEnvelope(of job: MemoryJob) -> Result<JobEnvelope, JobFailure> {
        var envelope = job.envelope(at: now)
        guard let run = job.snapshot.run else { return .success(envelope) }
        do {
            envelope.message.payload = try envelope.message.payload.resolvingStageReferences { stage in
                jobs[JobID("\(run).\(stage)")]?.snapshot.result?.output
            }
            return .success(envelope)
        } catch {
            return .failure(
                JobFailure(.badInput, title: "An earlier stage's output is missing", detail: "\(error)"))
        }
    }

    /// The twin of `heartbeat.lua`.
    mutating func heartbeat(_ beats: [Heartbeat], lease: Duration) -> [HeartbeatReply] {
        beats.map { beat in
            guard var job = jobs[beat.job] else { return .stale }
            guard job.state == .running, job.fence == beat.fence.value else {
                count(job.snapshot.kind, "stale_calls")
                return .stale
            }
            if let deadline = job.deadline, deadline <= now {
                jobs[beat.job]?.fence = 0
                close(beat.job, .expired, error: .expired("it was still running"))
                return .stale
            }
            job.leaseEnd = now + lease.milliseconds
            if let progress = beat.progress { job.snapshot.progress = progress }
            jobs[beat.job] = job
            if let progress = beat.progress { emit(.progress, job, progress: progress) }
            return job.snapshot.cancelRequested ? .cancelRequested : .held
        }
    }

    /// What stands in the way of a call of this attempt.
    private enum Refusal { case stale, done(JobState) }

    private mutating func takeOver(_ id: JobID, _ fence: Fence) -> Refusal? {
        guard var job = jobs[id] else { return .stale }
        guard job.state == .running, job.fence == fence.value else {
            if job.done == fence.value { return .done(job.state) }
            count(job.snapshot.kind, "stale_calls")
            return .stale
        }
        job.done = fence.value
        jobs[id] = job
        return nil
    }

    /// The twin of `complete.lua`.
    mutating func complete(_ id: JobID, fence: Fence, result: JobResult) throws(JobError) {
        switch takeOver(id, fence) {
        case nil:
            jobs[id]?.snapshot.error = nil
            close(id, .succeeded, result: result)
        case .done(.succeeded): return
        case .done, .stale: throw SubmissionCheck.stale("complete", id)
        }
    }

    /// The twin of `fail.lua`.
    mutating func fail(
        _ id: JobID, fence: Fence, failure: JobFailure, retryAfter: Duration
    ) throws(JobError) -> JobState {
        switch takeOver(id, fence) {
        case .done(let state): return state
        case .stale: throw SubmissionCheck.stale("fail", id)
        case nil: break
        }
        guard var job = jobs[id] else { throw SubmissionCheck.stale("fail", id) }
        job.snapshot.attempts += 1
        job.snapshot.error = failure
        jobs[id] = job
        if job.snapshot.cancelRequested {
            close(id, .cancelled, error: failure)
        } else if !failure.retryable {
            close(id, .failed, error: failure)
        } else if job.snapshot.attempts >= job.maximumAttempts {
            close(id, .dead, error: failure)
        } else {
            count(job.snapshot.kind, "retried")
            makeReady(id, due: now + retryAfter.milliseconds, error: failure)
        }
        return jobs[id]?.state ?? .failed
    }

    /// The twin of `release.lua`.
    mutating func release(_ id: JobID, fence: Fence) throws(JobError) {
        switch takeOver(id, fence) {
        case .done: return
        case .stale: throw SubmissionCheck.stale("release", id)
        case nil: break
        }
        jobs[id]?.snapshot.interruptions += 1
        guard let job = jobs[id] else { return }
        if job.snapshot.cancelRequested {
            close(id, .cancelled, error: .cancelled("cancelled while its worker stopped"))
        } else {
            count(job.snapshot.kind, "released")
            makeReady(id)
        }
    }

    /// The twin of `confirm_cancelled.lua`.
    mutating func confirmCancelled(_ id: JobID, fence: Fence) throws(JobError) {
        switch takeOver(id, fence) {
        case nil: close(id, .cancelled, error: .cancelled("cancelled while it ran"))
        case .done(.cancelled): return
        case .done, .stale: throw SubmissionCheck.stale("confirm cancellation", id)
        }
    }

    /// The twin of `reap.lua`; `crashPause` is the pause after a second crash, `retention` the life of the texts.
    mutating func reap(crashPause: Duration, retention: Duration) -> Int {
        var count = 0
        let running = open.compactMap { jobs[$0] }.filter { $0.state == .running && $0.leaseEnd <= now }
        for job in running.sorted(by: { ($0.leaseEnd, $0.id) < ($1.leaseEnd, $1.id) }) {
            expireLease(of: job, crashPause: crashPause)
            count += 1
        }
        for id in open.sorted() {
            guard let job = jobs[id], !job.state.isTerminal, let deadline = job.deadline, deadline <= now else {
                continue
            }
            jobs[id]?.fence = 0
            close(id, .expired, error: .expired("it had not finished by then"))
            count += 1
        }
        settle()
        for kind in controls.keys { unparkAll(kind) }
        dropOldTexts(retention: retention)
        return count
    }

    private mutating func expireLease(of expired: MemoryJob, crashPause: Duration) {
        var job = expired
        job.snapshot.crashes += 1
        job.fence = 0
        jobs[job.id] = job
        count(job.snapshot.kind, "lease_expired")
        emit(.leaseExpired, job)
        let crashes = job.snapshot.crashes
        if job.snapshot.cancelRequested {
            close(job.id, .cancelled, error: .cancelled("its worker did not answer any more"))
        } else if crashes >= job.maximumCrashes {
            let detail =
                "\(crashes) workers died or fell silent while holding it; look at their logs and memory, then retry it"
            close(job.id, .dead, error: JobFailure(.poison, title: "The job ended its workers", detail: detail))
        } else {
            let pause = crashes > 1 ? crashPause.milliseconds << Int64(min(crashes - 2, 20)) : 0
            makeReady(job.id, due: now + pause)
        }
    }
}
