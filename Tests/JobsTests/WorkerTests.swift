// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Redis
import Synchronization
import TestSupport
import Testing

@Suite("A worker takes jobs, holds them and gives account of each")
struct WorkerTests {
    private func submit(_ count: Int, to broker: some JobBroker) async throws {
        for index in 0..<count { try await broker.submitText(index) }
    }

    @Test("Every job is handled once, never more at a time than there are slots")
    func slots() async throws {
        let broker = InMemoryJobBroker()
        let running = Mutex((now: 0, most: 0, handled: Set<JobID>()))
        let done = TestSignal<Void>()
        let handler = ClosureHandler { envelope, _ in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
                $0.handled.insert(envelope.id)
            }
            try? await Task.sleep(for: .milliseconds(2))
            running.withLock { $0.now -= 1 }
            done.send()
            return .completed(JobResult(status: .succeeded, output: ["ids": []]))
        }
        try await WorkerFixture.with(.test(broker: broker, slots: 4, handler: handler)) { _ in
            try await submit(30, to: broker)
            for _ in 0..<30 { try await done.next() }
        }
        #expect(running.withLock { $0.handled.count } == 30)
        #expect(running.withLock { (2...4).contains($0.most) })
        #expect(try await broker.statistics(kinds: [.tokenizeText])[0].counters["succeeded"] == 30)
    }

    @Test("An error is retried, a permanent one is not, and both are stored")
    func failures() async throws {
        let broker = InMemoryJobBroker()
        let handler = ClosureHandler { envelope, _ in
            .failed(
                JobFailure(
                    envelope.id == "t0" ? .internalError : .badInput, title: "t", detail: "d",
                    retryable: envelope.id == "t0"))
        }
        try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
            try await submit(2, to: broker)
            try await eventually {
                let states = try await [broker.job("t0")?.state, broker.job("t1")?.state]
                return states == [.dead, .failed]
            }
        }
        #expect(try await broker.job("t0")?.attempts == 3)
        #expect(try await broker.job("t1")?.attempts == 1)
    }

    @Test("A graceful shutdown asks running jobs to stop and gives them back")
    func shutdown() async throws {
        let broker = InMemoryJobBroker()
        let started = TestSignal<Void>()
        let handler = ClosureHandler { _, control in
            started.send()
            while control.stopReason == nil { try? await Task.sleep(for: .milliseconds(1)) }
            return control.stopReason == .shuttingDown && !Task.isCancelled ? .interrupted : .cancelled
        }
        try await submit(3, to: broker)
        // Until both have started takes as long as a busy machine makes it; the stop after that must be prompt.
        let start = try await WorkerFixture.with(.test(broker: broker, slots: 2, handler: handler)) { _ in
            try await started.next()
            try await started.next()
            return ContinuousClock.now
        }
        #expect(ContinuousClock.now - start < .seconds(5))
        for (id, interruptions) in [("t0", 1), ("t1", 1), ("t2", 0)] {
            let job = try await broker.job(JobID(id))
            #expect(job?.state == .ready)
            #expect(job?.interruptions == interruptions)
        }
    }

    @Test("An idle worker stops at once")
    func idle() async throws {
        try await RedisFixture.with { redis in
            let broker = RedisJobBroker(configuration: redis.configuration, logger: redis.logger)
            let start = ContinuousClock.now
            let handler = ClosureHandler { _, _ in .interrupted }
            try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
                // Wait until it sleeps on its wake list.
                let connection = try await redis.connect()
                try await eventually {
                    try await connection.send(RedisCommand("INFO", "clients")).string?.contains("blocked_clients:1")
                        == true
                }
            }
            #expect(ContinuousClock.now - start < .seconds(4))
            await broker.close()
        }
    }

    @Test("The pause after an error grows with errors, not with interruptions")
    func pauseAfterInterruptions() async throws {
        let broker = InMemoryJobBroker()
        try await submit(1, to: broker)
        for _ in 0..<25 {
            let claimed = try await broker.claim(
                kinds: [.tokenizeText], worker: WorkerID("w"), limit: 1, lease: .seconds(60))
            try await broker.release("t0", fence: claimed.jobs[0].fence)
        }
        let handler = ClosureHandler { envelope, _ in
            envelope.errors == 0
                ? .failed(JobFailure(.internalError, title: "t", detail: "once", retryable: true))
                : .completed(JobResult(status: .succeeded))
        }
        // A millisecond at most; were interruptions counted, some minutes.
        try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
            try await eventually { try await broker.job("t0")?.state == .succeeded }
        }
        #expect(try await broker.job("t0")?.interruptions == 25)
    }

    @Test("A cancelled job is told within a third of its lease and its task is cancelled")
    func cancellation() async throws {
        let broker = InMemoryJobBroker()
        let started = TestSignal<Void>()
        let handler = ClosureHandler { _, control in
            started.send()
            try? await Task.sleep(for: .seconds(60))
            return Task.isCancelled && control.stopReason == .cancelled
                ? .failed(JobFailure(.internalError, title: "t", detail: "broken off")) : .interrupted
        }
        try await submit(1, to: broker)
        try await WorkerFixture.with(.test(broker: broker, lease: .milliseconds(900), handler: handler)) { _ in
            try await started.next()
            #expect(try await broker.cancel("t0" as JobID) == .running)
            try await eventually { try await broker.job("t0")?.state == .cancelled }
        }
    }

    @Test("A job taken away is stopped at once, and what it answers is dropped")
    func stale() async throws {
        let broker = InMemoryJobBroker()
        let fences = TestSignal<Fence>()
        let stopped = TestSignal<JobControl.StopReason?>()
        let handler = ClosureHandler { envelope, control in
            fences.send(envelope.fence)
            guard envelope.attempt == 1 else { return .completed(JobResult(status: .succeeded, output: "second")) }
            try? await Task.sleep(for: .seconds(60))
            stopped.send(control.stopReason)
            return .completed(JobResult(status: .succeeded, output: "first"))
        }
        try await submit(1, to: broker)
        try await WorkerFixture.with(.test(broker: broker, lease: .milliseconds(900), handler: handler)) { _ in
            let fence = try await fences.next()
            // Somebody else gives it back in its name, as a partition healed would.
            try await broker.release("t0", fence: fence)
            #expect(try await stopped.next() == .leaseLost)
            _ = try await fences.next()
            try await eventually { try await broker.job("t0")?.state == .succeeded }
        }
        #expect(try await broker.job("t0")?.result?.output == "second")
    }

    @Test("Progress reaches the queue with the heartbeats")
    func progress() async throws {
        let broker = InMemoryJobBroker()
        let handler = ClosureHandler { _, control in
            control.report(JobProgress(phase: "counting", step: 2, total: 4))
            while control.stopReason == nil { try? await Task.sleep(for: .milliseconds(5)) }
            return .interrupted
        }
        try await submit(1, to: broker)
        try await WorkerFixture.with(.test(broker: broker, lease: .milliseconds(600), handler: handler)) { _ in
            try await eventually { try await broker.job("t0")?.progress?.step == 2 }
        }
    }

    @Test("A worker reaps what a dead one held, and runs it")
    func reclaim() async throws {
        let broker = InMemoryJobBroker()
        try await submit(1, to: broker)
        let dead = try await broker.claim(
            kinds: [.tokenizeText], worker: WorkerID("dead"), limit: 1, lease: .milliseconds(300))
        #expect(dead.jobs.count == 1)
        let handled = TestSignal<Int>()
        let handler = ClosureHandler { envelope, _ in
            handled.send(envelope.attempt)
            return .completed(JobResult(status: .succeeded))
        }
        try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
            let attempt = try await handled.next()
            #expect(attempt == 2)
        }
        #expect(try await broker.job("t0")?.crashes == 1)
    }
}

extension JobBroker {
    /// Submits a tokenisation as `t<number>`.
    func submitText(_ number: Int) async throws {
        _ = try await submit(
            JobSubmission(
                id: JobID("t\(number)"),
                message: JobMessage(kind: .tokenizeText, payload: ["tokenizer": "t.json", "texts": ["x"]])))
    }
}
