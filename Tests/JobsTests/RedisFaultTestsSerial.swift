// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Redis
import TestSupport
import Testing

@testable import Jobs

/// Alone and in order: each of these measures time, or stops the world on purpose.
@Suite("Workers and Redis die, and no job is lost or published twice", .serialized)
struct RedisFaultTestsSerial {
    private func broker(_ redis: RedisFixture, lease: Duration = .seconds(2)) -> RedisJobBroker {
        var options = RedisBrokerOptions()
        options.lease = lease
        options.patience = .seconds(10)
        return RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
    }

    private static let instant = ClosureHandler { _, _ in .completed(JobResult(status: .succeeded, output: ["ids": []]))
    }

    /// Checks that each of these jobs has succeeded exactly once.
    private func expectEachSucceededOnce(_ ids: [JobID], _ broker: RedisJobBroker) async throws {
        for id in ids {
            try await eventually(within: .seconds(30)) { try await broker.job(id)?.state == .succeeded }
            let events = try await broker.events(.job(id), after: nil, limit: 1000, wait: .zero)
            #expect(events.filter { $0.state == .succeeded }.count == 1, "\(id)")
        }
    }

    @Test("F1: the job of a worker that died runs again within its lease and two seconds")
    func deadWorker() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            try await broker.submitText(0)
            let started = ContinuousClock.now
            let dead = try await broker.claim(
                kinds: [.tokenizeText], worker: WorkerID("dead"), limit: 1, lease: .seconds(2))
            let again = TestSignal<JobEnvelope>()
            let handler = ClosureHandler { envelope, _ in
                again.send(envelope)
                return .completed(JobResult(status: .succeeded))
            }
            try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
                let envelope = try await again.next()
                #expect(ContinuousClock.now - started < .seconds(4))
                #expect(envelope.attempt == 2)
                let error = await #expect(throws: JobError.self) {
                    try await broker.complete(
                        "t0", fence: dead.jobs[0].fence, result: JobResult(status: .succeeded, output: "late"))
                }
                #expect(error?.code == .staleFence)
            }
            #expect(try await broker.job("t0")?.result?.output == nil)
            await broker.close()
        }
    }

    @Test("F3: kill -9 of Redis under load loses no accepted job, and the same workers go on")
    func deadServer() async throws {
        // Under `everysec` Redis answers before it writes while a background fsync is under way: on a busy disk a killed
        // process loses what it acknowledged in those milliseconds.
        try await RedisFixture.with(options: ["--appendfsync", "always"]) { redis in
            let broker = broker(redis)
            let accepted = TestSignal<JobID>()
            let workers = (
                Worker.test("a", broker: broker, slots: 4, handler: Self.instant),
                Worker.test("b", broker: broker, slots: 4, handler: Self.instant)
            )
            try await WorkerFixture.with(workers.0, workers.1) { _ in
                try await withThrowingTaskGroup { group in
                    for client in 0..<4 {
                        group.addTask {
                            for index in 0..<150 {
                                let id = JobID("c\(client)-\(index)")
                                _ = try await broker.submit(
                                    JobSubmission(
                                        id: id, message: JobMessage(kind: .tokenizeText, payload: ["n": "1"])))
                                accepted.send(id)
                            }
                        }
                    }
                    for limit in [60, 200, 350] {
                        try await eventually { accepted.all.count >= limit }
                        try await redis.restart()
                        let back = ContinuousClock.now
                        let before = accepted.all.count
                        try await eventually { accepted.all.count > before }
                        #expect(ContinuousClock.now - back < .seconds(5))
                    }
                    try await group.waitForAll()
                }
                try await expectEachSucceededOnce(accepted.all, broker)
            }
            #expect(accepted.all.count == 600)
            let statistics = try await broker.statistics(kinds: [.tokenizeText])[0]
            #expect(statistics.depth.values.reduce(0, +) == 0)
            #expect(statistics.counters["succeeded"] == 600)
            await broker.close()
        }
    }

    @Test("F4: a Redis that stands still for two leases costs no living worker its job")
    func stalledServer() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            try await broker.submitText(0)
            let started = TestSignal<Void>()
            let finish = TestSignal<Void>()
            let handler = ClosureHandler { _, control in
                started.send()
                while control.stopReason == nil, finish.all.isEmpty {
                    try? await Task.sleep(for: .milliseconds(5))
                }
                return control.stopReason == nil ? .completed(JobResult(status: .succeeded)) : .interrupted
            }
            try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
                try await started.next()
                redis.suspend()
                try await Task.sleep(for: .seconds(4))
                redis.resume()
                finish.send()
                try await eventually(within: .seconds(20)) { try await broker.job("t0")?.state == .succeeded }
            }
            let job = try await broker.job("t0")
            #expect(job?.crashes == 0)
            await broker.close()
        }
    }

    @Test("F4: after a restart nothing is reaped for a lease, though every lease looks over")
    func grace() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            try await broker.submitText(0)
            let claimed = try await broker.claim(
                kinds: [.tokenizeText], worker: WorkerID("living"), limit: 1, lease: .milliseconds(300))
            redis.kill()
            try await Task.sleep(for: .milliseconds(400))
            try await redis.start()
            #expect(try await broker.reap() == 0)
            let beat = Heartbeat(job: "t0", fence: claimed.jobs[0].fence)
            try await eventually {
                (try? await broker.heartbeat([beat], lease: .milliseconds(200))) == [.held]
            }
            try await eventually { try await broker.reap() == 1 }
            #expect(try await broker.job("t0")?.crashes == 1)
            await broker.close()
        }
    }

    @Test("A claim whose answer was lost gives the same jobs when it is sent again")
    func lostClaim() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            for index in 0..<4 { try await broker.submitText(index) }
            func claim(_ request: String) async throws -> [JobEnvelope] {
                let wanted = ClaimRequest(
                    kinds: [.tokenizeText], worker: WorkerID("w"), limit: 2, lease: .seconds(60))
                return try await broker.claim(wanted, named: request).jobs
            }
            let first = try await claim("one")
            #expect(first.map(\.id) == ["t0", "t1"])
            #expect(try await claim("one") == first)
            try await broker.complete("t0", fence: first[0].fence, result: JobResult(status: .succeeded))
            #expect(try await claim("one") == Array(first.dropFirst()))
            let second = try await claim("two")
            #expect(second.map(\.id) == ["t2", "t3"])
            // A worker may have two calls under way.
            #expect(try await claim("one") == Array(first.dropFirst()))
            #expect(try await claim("two") == second)
            #expect(try await claim("three").isEmpty)
            await broker.close()
        }
    }

    @Test("F5 and F6: killed connections and emptied script caches under load go unseen")
    func connectionsAndScripts() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            let isOver = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    let disturber = try await redis.connect()
                    while isOver.all.isEmpty {
                        try await disturber.send(RedisCommand("SCRIPT", "FLUSH"))
                        try await disturber.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
                        try await Task.sleep(for: .milliseconds(100))
                        try await disturber.send(RedisCommand("SCRIPT", "FLUSH"))
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                let ids = (0..<400).map { JobID("t\($0)") }
                try await WorkerFixture.with(.test(broker: broker, slots: 8, handler: Self.instant)) { _ in
                    for index in 0..<400 {
                        try await broker.submitText(index)
                        if index % 50 == 0 { try await Task.sleep(for: .milliseconds(100)) }
                    }
                    try await expectEachSucceededOnce(ids, broker)
                }
                isOver.send()
                try await group.waitForAll()
            }
            await broker.close()
        }
    }

    @Test("F7: at maxmemory submissions are refused as unavailable and running jobs still finish")
    func memory() async throws {
        try await RedisFixture.with { redis in
            var options = RedisBrokerOptions()
            options.patience = .milliseconds(200)
            let broker = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
            try await broker.submitText(0)
            let claimed = try await broker.claim(
                kinds: [.tokenizeText], worker: WorkerID("w"), limit: 1, lease: .seconds(60))
            let admin = try await redis.connect()
            try await admin.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            let error = await #expect(throws: JobError.self) { try await broker.submitText(1) }
            #expect(error?.code == .unavailable)
            let beat = Heartbeat(job: "t0", fence: claimed.jobs[0].fence, progress: JobProgress(phase: "p", step: 1))
            #expect(try await broker.heartbeat([beat], lease: .seconds(60)) == [.held])
            try await broker.complete("t0", fence: claimed.jobs[0].fence, result: JobResult(status: .succeeded))
            try await admin.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            try await broker.submitText(1)
            await broker.close()
        }
    }

    @Test("F9: a worker that hears nothing stops its job before the lease ends")
    func blackHole() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            try await broker.submitText(0)
            let started = TestSignal<Void>()
            let stopped = TestSignal<(ContinuousClock.Instant, JobControl.StopReason?)>()
            let handler = ClosureHandler { _, control in
                started.send()
                try? await Task.sleep(for: .seconds(60))
                stopped.send((.now, control.stopReason))
                return .interrupted
            }
            try await WorkerFixture.with(.test(broker: broker, handler: handler)) { _ in
                try await started.next()
                redis.suspend()
                let silent = ContinuousClock.now
                let (time, reason) = try await stopped.next()
                #expect(reason == .leaseLost)
                #expect(time - silent < .seconds(2))
                redis.resume()
            }
            #expect(try await broker.job("t0")?.crashes == 0)
            await broker.close()
        }
    }

    @Test("F11: a job that ends each of its workers is dead after three, and the others run")
    func poison() async throws {
        try await RedisFixture.with { redis in
            var options = RedisBrokerOptions()
            options.crashPause = .milliseconds(10)
            let broker = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
            for index in 0..<5 { try await broker.submitText(index) }
            for _ in 0..<3 {
                try await eventually {
                    try await broker.reap()
                    let claimed = try await broker.claim(
                        kinds: [.tokenizeText], worker: WorkerID("doomed"), limit: 1, lease: .milliseconds(50))
                    return claimed.jobs.first?.id == "t0"
                }
            }
            try await WorkerFixture.with(.test(broker: broker, handler: Self.instant)) { _ in
                try await expectEachSucceededOnce((1..<5).map { JobID("t\($0)") }, broker)
                try await eventually { try await broker.job("t0")?.state == .dead }
            }
            #expect(try await broker.job("t0")?.error?.type == .poison)
            await broker.close()
        }
    }

    @Test("Jobs that hold every thread of the cooperative pool do not delay the heartbeats")
    func busyPool() async throws {
        try await RedisFixture.with { redis in
            let broker = broker(redis)
            for index in 0..<4 { try await broker.submitText(index) }
            let handler = ClosureHandler { _, control in
                // What no handler should do: more than two leases of computing without a suspension point.
                let end = ContinuousClock.now + .milliseconds(2500)
                while ContinuousClock.now < end {
                    if control.stopReason == .leaseLost { return .interrupted }
                }
                return .completed(JobResult(status: .succeeded))
            }
            try await WorkerFixture.with(
                .test(broker: broker, slots: 4, lease: .seconds(1), handler: handler)
            ) { _ in
                for index in 0..<4 {
                    try await eventually(within: .seconds(60)) {
                        try await broker.job(JobID("t\(index)"))?.state == .succeeded
                    }
                }
            }
            for index in 0..<4 {
                let job = try await broker.job(JobID("t\(index)"))
                #expect(job?.crashes == 0)
                #expect(job?.interruptions == 0)
            }
            await broker.close()
        }
    }
}
