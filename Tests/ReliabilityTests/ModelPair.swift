// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Messages
import Synchronization
import TestSupport

@testable import Jobs

/// Two brokers on one clock that are told the same, and must answer and become the same.
final class ModelPair {
    /// Where the two part.
    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    /// What has the numbers that operations name.
    private var jobs: [JobID] = []
    /// Those that were forgotten: their events stay, so a second life under the same name would look like none.
    private var forgotten: Set<JobID> = []
    private var runs: [RunID] = []
    private var attempts: [(job: JobID, fence: Fence)] = []

    private var now: Int64
    private let serverClock: ServerClock
    private let clock: ManualClock
    private let memory: InMemoryJobBroker
    private let redis: RedisJobBroker
    private var memoryCursor: String?
    private var redisCursor: String?

    init(_ redis: RedisJobBroker, serverClock: ServerClock, start: Int64) {
        self.redis = redis
        self.serverClock = serverClock
        let clock = ManualClock()
        self.clock = clock
        now = start
        clock.set(start)
        memory = InMemoryJobBroker(crashPause: redis.options.crashPause) { clock.now }
        serverClock.freeze(at: start)
    }

    /// Makes one call on both and compares what they answer and what they hold then.
    func step(_ operation: ModelOperation) async throws {
        switch operation {
        case .pass(let milliseconds):
            now += Int64(milliseconds)
            clock.set(now)
            serverClock.freeze(at: now)
            return
        case .submit(let drawn):
            let submission = make(drawn, id: JobID("j\(jobs.count)"))
            let receipt = try await both { try await $0.submit(submission) }
            if let receipt, !jobs.contains(receipt.id) { jobs.append(receipt.id) }
        case .bulk(let drawn):
            let submissions = drawn.enumerated().map { make($1, id: JobID("j\(jobs.count + $0)-\($0)")) }
            for case .success(let receipt) in try await both({ try await $0.submit(submissions) }) ?? []
            where !jobs.contains(receipt.id) { jobs.append(receipt.id) }
        case .completeMany(let numbers, let kinds, let limit, let loaded):
            let completions = numbers.compactMap { attempts.at($0) }.map { job, fence in
                Completion(job: job, fence: fence, result: JobResult(status: .succeeded, output: ["ids": [[3]]]))
            }
            let next =
                limit == 0
                ? nil
                : ClaimRequest(
                    kinds: wanted(kinds), worker: WorkerID("w0"), limit: limit, lease: .seconds(5),
                    loaded: loaded < 0
                        ? nil
                        : (0..<2).filter { loaded & (1 << $0) != 0 }.compactMap {
                            JobMessage.affinity(ofModel: Self.model($0))
                        })
            let answer = try await both { broker in
                let reply = try await broker.complete(completions, thenClaim: next)
                return Answer(refusals: reply.refusals, claimed: reply.claimed)
            }
            attempts += answer?.claimed.jobs.map { ($0.id, $0.fence) } ?? []
        case .discard(let number):
            guard let job = jobs.at(number) else { return }
            _ = try await both { try await $0.discard(job) }
            for job in jobs where try await memory.job(job) == nil { forgotten.insert(job) }
        case .purge(let number):
            guard let job = jobs.at(number) else { return }
            _ = try await both { try await $0.purge(job) }
        case .purgeRun(let number):
            guard let run = runs.at(number) else { return }
            _ = try await both { try await $0.purge(run) }
        case .purgeEnded(let age, let limit):
            let before = now - Int64(age)
            _ = try await both { try await $0.purgeEnded(before: before, limit: limit) }
        case .control(let kind, let isPaused, let depth, let running, let tenantDepth, let tenantRunning):
            var control = QueueControl()
            control.isPaused = isPaused
            control.maximumDepth = depth
            control.maximumRunning = running
            control.tenantMaximumDepth = tenantDepth
            control.tenantMaximumRunning = tenantRunning
            let wanted = control
            _ = try await both { try await $0.setControl(ModelOperation.kinds[kind], wanted) }
            _ = try await both { try await $0.control(ModelOperation.kinds[kind]) }
        case .pause(let kind, let isPaused):
            _ = try await both {
                if isPaused {
                    try await $0.pause(ModelOperation.kinds[kind])
                } else {
                    try await $0.resume(ModelOperation.kinds[kind])
                }
            }
        case .submitRun(let shape, let priority, let key):
            let submission = RunSubmission(
                id: RunID("r\(runs.count)"), recipe: ModelRecipe.make(shape), priority: priority,
                idempotencyKey: key.map { "k\($0)" })
            let receipt = try await both { try await $0.submit(submission) }
            if let receipt, !receipt.isDuplicate {
                runs.append(receipt.id)
                jobs += (try await memory.run(receipt.id))?.stages.map(\.id) ?? []
            }
        case .claim(let kinds, let worker, let limit, let lease):
            let wanted = wanted(kinds)
            let claimed = try await both {
                try await $0.claim(
                    kinds: wanted, worker: WorkerID("w\(worker)"), limit: limit, lease: .milliseconds(lease))
            }
            attempts += claimed?.jobs.map { ($0.id, $0.fence) } ?? []
        case .heartbeat(let numbers, let lease, let step):
            var beats: [Heartbeat] = []
            for number in numbers {
                guard let attempt = attempts.at(number), !beats.contains(where: { $0.job == attempt.job }) else {
                    continue
                }
                beats.append(
                    Heartbeat(
                        job: attempt.job, fence: attempt.fence, progress: step.map { JobProgress(phase: "p", step: $0) }
                    ))
            }
            let sent = beats
            _ = try await both { try await $0.heartbeat(sent, lease: .milliseconds(lease)) }
        case .publish(let numbers):
            let parts = numbers.compactMap { attempts.at($0) }.map { job, fence in
                JobPart(
                    job: job, fence: fence, part: GenerationPart(index: 0, position: 3, text: "é", ids: [4, 5]))
            }
            _ = try await both { try await $0.publish(parts) }
            for part in parts {
                _ = try await both { broker in
                    let page = try await broker.parts(of: part.job, after: nil, limit: 100, wait: .zero)
                    return page.parts.map { "\($0.attempt) \($0.part)" } + [page.state?.rawValue ?? "none"]
                }
            }
        case .complete(let number, let hasOutput):
            guard let (job, fence) = attempts.at(number) else { return }
            let result = JobResult(status: .succeeded, output: hasOutput ? ["ids": [[1, 2]]] : ["other": 1])
            _ = try await both { try await $0.complete(job, fence: fence, result: result) }
        case .fail(let number, let isRetryable, let pause):
            guard let (job, fence) = attempts.at(number) else { return }
            let failure = JobFailure(.internalError, title: "Drawn", detail: "by lot", retryable: isRetryable)
            _ = try await both {
                try await $0.fail(job, fence: fence, failure: failure, retryAfter: .milliseconds(pause))
            }
        case .release(let number):
            guard let (job, fence) = attempts.at(number) else { return }
            _ = try await both { try await $0.release(job, fence: fence) }
        case .confirmCancelled(let number):
            guard let (job, fence) = attempts.at(number) else { return }
            _ = try await both { try await $0.confirmCancelled(job, fence: fence) }
        case .cancel(let number):
            guard let job = jobs.at(number) else { return }
            _ = try await both { try await $0.cancel(job) }
        case .cancelRun(let number):
            guard let run = runs.at(number) else { return }
            _ = try await both { try await $0.cancel(run) }
        case .retry(let number):
            guard let job = jobs.at(number) else { return }
            _ = try await both { try await $0.retry(job) }
        case .reap:
            // Of leases of several kinds that have ended, which is looked at first is open; it matters in a family.
            let running = try await memory.jobs(JobFilter(state: .running, limit: 1000)).jobs
            let hasFamily = running.contains { child in
                running.contains { $0.id == child.parent && $0.kind != child.kind }
            }
            guard !hasFamily else { return }
            // The detector of stalls compares the server's clock with the machine's, and here the server's stands still.
            redis.stall.detector.withLock { $0 = StallDetector() }
            _ = try await both { try await $0.reap() }
        }
        try await compare()
    }

    /// What a call of several parts answers.
    private struct Answer: Hashable, Sendable {
        var refusals: [JobError?]
        var claimed: ClaimResult
    }

    private func wanted(_ kinds: Int) -> [JobKind] {
        ModelOperation.kinds.enumerated().filter { kinds & (1 << $0.offset) != 0 }.map(\.element)
    }

    private func make(_ s: ModelOperation.Submission, id: JobID) -> JobSubmission {
        JobSubmission(
            id: s.repeats.flatMap { jobs.at($0) }.flatMap { forgotten.contains($0) ? nil : $0 } ?? id,
            message: JobMessage(
                kind: ModelOperation.kinds[s.kind],
                payload: [
                    "tokenizer": "t.json", "texts": [.string("\(s.body)")], "model": Self.model(s.body % 2),
                ]),
            tenant: "t\(s.tenant)", priority: s.priority, parent: s.parent.flatMap { jobs.at($0) },
            deadline: s.deadline.map { now + Int64($0) }, notBefore: s.notBefore.map { now + Int64($0) },
            maximumAttempts: s.attempts, maximumCrashes: s.crashes, idempotencyKey: s.key.map { "k\($0)" })
    }

    /// One of two models.
    private static func model(_ number: Int) -> JSONValue { .string("m\(number)") }

    /// Calls both; throws where the answers differ, else gives the answer, nil where it was an error.
    private func both<Value: Sendable & Equatable>(
        _ call: (any JobBroker) async throws -> Value
    ) async throws -> Value? {
        let (a, b) = (await Self.outcome { try await call(memory) }, await Self.outcome { try await call(redis) })
        guard a == b else { throw Mismatch(description: "answers differ\n  memory: \(a)\n  redis:  \(b)") }
        return try? a.get()
    }

    private func both(_ call: (any JobBroker) async throws -> Void) async throws -> Bool? {
        try await both { broker in
            try await call(broker)
            return true
        }
    }

    private static func outcome<Value: Sendable>(_ call: () async throws -> Value) async -> Result<Value, JobError> {
        do {
            return .success(try await call())
        } catch let error as JobError {
            return .failure(error)
        } catch {
            return .failure(JobError(.malformed, operation: "model", detail: "\(error)"))
        }
    }

    /// Compares all that can be read.
    private func compare() async throws {
        let filter = JobFilter(limit: 1000)
        let (a, b) = (try await memory.jobs(filter).jobs, try await redis.jobs(filter).jobs)
        try Self.requireEqual(a.map(Self.comparable), b.map(Self.comparable), "jobs")
        for run in runs {
            let (a, b) = (try await memory.run(run), try await redis.run(run))
            try Self.requireEqual([a?.state.rawValue], [b?.state.rawValue], "\(run)")
            try Self.requireEqual([a?.finished], [b?.finished], "\(run)'s end")
            try Self.requireEqual(
                (a?.stages ?? []).map(Self.comparable), (b?.stages ?? []).map(Self.comparable), "\(run)")
        }
        let (c, d) = (
            try await memory.statistics(kinds: ModelOperation.kinds),
            try await redis.statistics(kinds: ModelOperation.kinds)
        )
        try Self.requireEqual(c, d, "statistics")
        let e = try await memory.events(.all, after: memoryCursor, limit: 10_000, wait: .zero)
        let f = try await redis.events(.all, after: redisCursor, limit: 10_000, wait: .zero)
        memoryCursor = e.last?.id ?? memoryCursor
        redisCursor = f.last?.id ?? redisCursor
        // Of one job in order; which of several jobs was first in one call is open.
        try Self.requireEqual(Self.byJob(e), Self.byJob(f), "events")
    }

    private static func byJob(_ events: [JobEvent]) -> [String] {
        Dictionary(grouping: events, by: \.job).sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { job, events in
            events.map { event in
                let error = event.error.map { "\(comparable($0))" } ?? ""
                return "\(job) \(event.kind) \(event.state?.rawValue ?? "") \(event.progress?.step ?? -1) \(error)"
            }
        }
    }

    /// Which of several earlier stages that ended at once a stage names as its reason is open.
    private static func comparable(_ failure: JobFailure) -> JobFailure {
        var failure = failure
        if failure.type == .upstreamFailed { failure.detail = "" }
        return failure
    }

    private static func comparable(_ job: JobSnapshot) -> JobSnapshot {
        var job = job
        job.error = job.error.map(comparable)
        return job
    }

    private static func requireEqual<Value: Equatable>(_ a: [Value], _ b: [Value], _ what: String) throws {
        guard a != b else { return }
        guard a.count == b.count else {
            throw Mismatch(description: "\(what) differ\n  memory: \(a)\n  redis:  \(b)")
        }
        let differing = zip(a, b).filter { $0 != $1 }
        throw Mismatch(
            description: "\(what) differ" + differing.map { "\n  memory: \($0)\n  redis:  \($1)" }.joined())
    }
}

extension Array {
    /// The element of a number, modulo the count; nil where there is none.
    fileprivate func at(_ number: Int) -> Element? { isEmpty ? nil : self[number % count] }
}
