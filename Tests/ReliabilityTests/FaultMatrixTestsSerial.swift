// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Jobs
import Messages
import Redis
import TestSupport
import Testing

/// The faults of docs/reliability.md, on a real Redis and with worker processes. Alone and in order: each measures time,
/// or stops the world on purpose.
@Suite("Fault matrix", .serialized)
struct FaultMatrixTestsSerial {
    @Test("F1: a job whose worker is killed goes on within lease + 2 s, from its checkpoint")
    func killedWorker() async throws {
        try await FaultBench.with { bench in
            let first = try bench.worker()
            let job = try await bench.submit("long", "steps=30 pause=100")
            try await bench.awaitStep(5, of: job)
            let second = try bench.worker()
            // So that the second is up: its start is not what is measured.
            try await bench.submit("probe")
            try await eventually { !bench.publications().isEmpty }
            first.kill()
            let killed = ContinuousClock.now
            try await eventually { (try await bench.dump().history(of: "long")).count { $0 == "running" } == 2 }
            let took = ContinuousClock.now - killed
            #expect(took < bench.lease + .seconds(2), "\(took)")
            try await bench.drain()
            let snapshot = try #require(try await bench.broker.job(job))
            #expect(snapshot.state == .succeeded)
            #expect(snapshot.crashes == 1)
            #expect((snapshot.result?.output?["resumedFrom"]?.doubleValue ?? 0) >= 5)
            #expect(second.isRunning)
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F2: a worker stopped beyond its lease publishes nothing once it goes on")
    func stoppedWorker() async throws {
        try await FaultBench.with { bench in
            let first = try bench.worker()
            let job = try await bench.submit("long", "steps=60 pause=100")
            try await bench.awaitStep(5, of: job)
            first.suspend()
            let second = try bench.worker()
            // Another holds the job now, and is in its middle when the first goes on.
            try await eventually { try await bench.dump().history(of: "long").count { $0 == "running" } == 2 }
            first.resume()
            try await bench.drain()
            let snapshot = try #require(try await bench.broker.job(job))
            #expect(snapshot.state == .succeeded)
            #expect(snapshot.crashes == 1)
            #expect(bench.publications().map(\.process) == ["\(second.pid)"])
            let history = try await bench.dump().history(of: "long")
            #expect(history == ["ready", "running", "ready", "running", "succeeded"])
            try await bench.expectSound(exactly: true)
            // The first has not lost its way: alone, it works on.
            second.kill()
            try await bench.submit("after")
            try await bench.drain()
            #expect(bench.publications().last?.process == "\(first.pid)")
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F3: kill -9 of Redis under load: nothing acknowledged is missing, the same processes go on within 5 s")
    func killedRedis() async throws {
        try await FaultBench.with { bench in
            let workers = [try bench.worker(), try bench.worker()]
            try await withThrowingTaskGroup { group in
                for client in 0..<4 {
                    group.addTask {
                        for number in 0..<60 { try await bench.submit("c\(client)-\(number)", "steps=1 pause=5") }
                    }
                }
                for round in 0..<3 {
                    try await eventually { bench.acknowledged.count >= 40 * (round + 1) }
                    try await bench.redis.restart()
                    let back = ContinuousClock.now
                    let seen = bench.publications().count
                    try await eventually {
                        let processes = Set(bench.publications().dropFirst(seen).map(\.process))
                        if processes.count == workers.count { return true }
                        try await bench.submit("probe\(round)-\(UInt32.random(in: 0 ... .max))", "steps=1 pause=20")
                        return false
                    }
                    #expect(ContinuousClock.now - back < .seconds(5))
                }
                try await group.waitForAll()
            }
            try await bench.drain()
            #expect(workers.allSatisfy { $0.isRunning })
            #expect(bench.acknowledged.count >= 240)
            try await bench.expectSound()
            for id in bench.acknowledged { #expect(try await bench.state(JobID(id)) == .succeeded) }
        }
    }

    @Test("F4: a Redis that stands still for two leases costs no living worker a crash")
    func stoppedRedis() async throws {
        try await FaultBench.with { bench in
            let worker = try bench.worker()
            let idle = try bench.worker()
            let job = try await bench.submit("long", "steps=60 pause=100")
            try await bench.awaitStep(3, of: job)
            bench.redis.suspend()
            try await Task.sleep(for: bench.lease * 2)
            bench.redis.resume()
            try await bench.drain()
            let snapshot = try #require(try await bench.broker.job(job))
            #expect(snapshot.state == .succeeded)
            #expect(snapshot.crashes == 0)
            #expect(worker.isRunning && idle.isRunning)
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F5 and F6: connections killed and scripts flushed every 200 ms go unseen")
    func killedConnections() async throws {
        try await FaultBench.with { bench in
            let workers = [try bench.worker(), try bench.worker()]
            let isOver = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    let admin = try await bench.redis.connect()
                    while isOver.all.isEmpty {
                        try await admin.send(RedisCommand("SCRIPT", "FLUSH"))
                        try await admin.send(RedisCommand("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"))
                        try await Task.sleep(for: .milliseconds(200))
                    }
                    await admin.close()
                }
                for number in 0..<300 { try await bench.submit("t\(number)", "steps=1 pause=5") }
                try await bench.drain()
                isOver.send()
                try await group.waitForAll()
            }
            #expect(workers.allSatisfy { $0.isRunning })
            for id in bench.acknowledged { #expect(try await bench.state(JobID(id)) == .succeeded) }
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F7: at maxmemory submissions are refused as unavailable, running jobs finish, and nothing is lost")
    func fullMemory() async throws {
        try await FaultBench.with { bench in
            let worker = try bench.worker(slots: 8)
            for number in 0..<20 { try await bench.submit("t\(number)", "steps=10 pause=50") }
            try await eventually { try await bench.broker.jobs(JobFilter(state: .running, limit: 10)).jobs.count == 8 }
            let admin = try await bench.redis.connect()
            try await admin.send(RedisCommand("CONFIG", "SET", "maxmemory", "1"))
            var options = RedisBrokerOptions()
            options.namespace = bench.namespace
            options.patience = .milliseconds(200)
            let impatient = RedisJobBroker(
                configuration: bench.redis.configuration, options: options, logger: bench.redis.logger)
            let error = await #expect(throws: JobError.self) {
                try await impatient.submit(JobSubmission(id: "refused", message: FaultBench.message("")))
            }
            #expect(error?.code == .unavailable)
            // All that was accepted ends while memory is full: claims and ends are allowed.
            try await bench.drain()
            try await admin.send(RedisCommand("CONFIG", "SET", "maxmemory", "0"))
            await admin.close()
            await impatient.close()
            #expect(worker.isRunning)
            for id in bench.acknowledged { #expect(try await bench.state(JobID(id)) == .succeeded) }
            try await bench.submit("after")
            try await bench.drain()
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F8: Redis's clock stepping ten minutes back and forth: nothing published twice, reaped wrongly or stuck")
    func steppingClock() async throws {
        let clock = try ServerClock()
        try await FaultBench.with(clock: clock) { bench in
            let doomed = try bench.worker(slots: 1)
            let job = try await bench.submit("long", "steps=120 pause=100")
            try await bench.awaitStep(2, of: job)
            let living = try bench.worker()
            for (number, offset) in [600, 0, -600, 0].enumerated() {
                clock.run(offset: .seconds(offset))
                for index in 0..<10 {
                    try await bench.submit("t\(number)-\(index)", "steps=3 pause=50 fails=\(index % 2)")
                }
                try await Task.sleep(for: bench.lease * 1.2)
            }
            #expect(try await bench.broker.job(job)?.crashes == 0)
            // A worker that dies just before the clock steps back: its lease seems to last ten minutes more.
            clock.run(offset: .seconds(600))
            try await Task.sleep(for: .milliseconds(1300))
            doomed.kill()
            clock.run(offset: .seconds(-600))
            let stepped = ContinuousClock.now
            try await bench.drain()
            #expect(ContinuousClock.now - stepped < .seconds(45))
            for id in bench.acknowledged {
                let snapshot = try await bench.broker.job(JobID(id))
                #expect(snapshot?.state == .succeeded)
                #expect((snapshot?.crashes ?? 0) == (id == "long" ? 1 : 0), "\(id)")
            }
            #expect(living.isRunning)
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F9: a worker behind a black hole stops before its lease ends, and goes on when it is over")
    func blackHole() async throws {
        try await FaultBench.with { bench in
            let proxy = try StallingProxy(to: bench.redis.port)
            defer { proxy.close() }
            let worker = try bench.worker(url: "redis://127.0.0.1:\(proxy.port)/0")
            let job = try await bench.submit("long", "steps=80 pause=50")
            try await bench.awaitStep(5, of: job)
            proxy.set(.stall)
            let silent = Date()
            try await Task.sleep(for: bench.lease * 1.5)
            // No one else is there: what has been written was written by this worker.
            let last = try #require(try bench.checkpoint(of: job))
            let (seconds, _) = bench.lease.components
            #expect(last.step < 80)
            #expect(last.written.timeIntervalSince(silent) < Double(seconds))
            proxy.set(.pass)
            try await bench.drain()
            #expect(worker.isRunning)
            let crashes = try await bench.broker.job(job)?.crashes ?? 9
            #expect(crashes <= 1)
            try await bench.expectSound(exactly: true)
            // Cut instead of stalled, in the middle of a job.
            let next = try await bench.submit("next", "steps=40 pause=50")
            try await bench.awaitStep(5, of: next)
            proxy.set(.cut)
            try await Task.sleep(for: .milliseconds(300))
            proxy.set(.pass)
            try await bench.drain()
            #expect(try await bench.state(next) == .succeeded)
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F10: one key from 50 clients at once is one job; another body is a conflict")
    func sameKey() async throws {
        try await FaultBench.with { bench in
            let receipts = try await withThrowingTaskGroup(of: SubmitReceipt.self) { group in
                for client in 0..<50 {
                    group.addTask {
                        var options = RedisBrokerOptions()
                        options.namespace = bench.namespace
                        let broker = RedisJobBroker(
                            configuration: bench.redis.configuration, options: options, logger: bench.redis.logger)
                        let receipt = try await broker.submit(
                            JobSubmission(
                                id: JobID("client\(client)"), message: FaultBench.message("steps=1"),
                                idempotencyKey: "same"))
                        await broker.close()
                        return receipt
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(receipts.map(\.id)).count == 1)
            #expect(receipts.count { !$0.isDuplicate } == 1)
            bench.note(receipts[0].id)
            let error = await #expect(throws: JobError.self) {
                try await bench.submit("other", "steps=2", key: "same")
            }
            #expect(error?.code == .conflict)
            _ = try bench.worker()
            try await bench.drain()
            try await bench.expectSound(exactly: true)
        }
    }

    @Test("F11: a job that kills each of its workers is dead after three, and the others succeed")
    func poison() async throws {
        try await FaultBench.with(lease: .seconds(1)) { bench in
            try await bench.submit("poison", "kill=1")
            for number in 0..<20 { try await bench.submit("t\(number)", "steps=2 pause=20") }
            // What a supervisor does: whoever dies is started again.
            var workers = [try bench.worker(slots: 1), try bench.worker(slots: 1)]
            var deaths = 0
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                for index in workers.indices where !workers[index].isRunning {
                    deaths += 1
                    workers[index].kill()
                    workers[index] = try bench.worker(slots: 1)
                }
                if try await bench.state("poison") == .dead { break }
                try await Task.sleep(for: .milliseconds(50))
            }
            try await bench.drain()
            #expect(deaths == 3)
            #expect(try await bench.broker.job("poison")?.error?.type == .poison)
            for id in bench.acknowledged where id != "poison" {
                #expect(try await bench.state(JobID(id)) == .succeeded, "\(id)")
            }
            try await bench.expectSound(exactly: true)
        }
    }

    /// A point of a worker's protocol at which it ends, and the job that takes it there.
    struct ExitPoint: Sendable, CustomTestStringConvertible {
        let moment: String
        let call: String
        var words = "steps=2 pause=20"
        var isCancelled = false
        var isStopped = false
        /// The one state that follows.
        var state: JobState = .succeeded
        var testDescription: String { "\(moment) \(call)" }

        static let all: [ExitPoint] = ["before", "after"].flatMap { moment in
            [
                ExitPoint(moment: moment, call: "claim"),
                ExitPoint(moment: moment, call: "heartbeat", words: "steps=20 pause=100"),
                ExitPoint(moment: moment, call: "publish"),
                ExitPoint(moment: moment, call: "complete"),
                ExitPoint(moment: moment, call: "fail", words: "permanent=1", state: .failed),
                ExitPoint(moment: moment, call: "release", words: "steps=40 pause=100", isStopped: true),
                ExitPoint(
                    moment: moment, call: "confirmCancelled", words: "steps=80 pause=100", isCancelled: true,
                    state: .cancelled),
                ExitPoint(moment: moment, call: "reap", words: "steps=20 pause=100"),
            ]
        }
    }

    @Test("F12: a worker that ends at any step: one terminal state, one publication")
    func exits() async throws {
        try await RedisFixture.with(options: ["--appendfsync", "always"]) { redis in
            // Four at a time: each waits for a lease most of its time.
            var left = ExitPoint.all[...]
            while !left.isEmpty {
                let batch = left.prefix(4)
                left = left.dropFirst(4)
                try await withThrowingTaskGroup { group in
                    for point in batch { group.addTask { try await exit(at: point, redis) } }
                    try await group.waitForAll()
                }
            }
        }
    }

    private func exit(at point: ExitPoint, _ redis: RedisFixture) async throws {
        let bench = try FaultBench(redis, namespace: "\(point.moment)-\(point.call)")
        let job = try await bench.submit("job", point.words)
        let first = try bench.worker("--exit", point.moment, "--at", point.call)
        if point.isCancelled || point.isStopped { try await bench.awaitStep(1, of: job) }
        if point.isCancelled { _ = try await bench.broker.cancel(job) }
        if point.isStopped { Glibc.kill(first.pid, SIGTERM) }
        try await eventually { !first.isRunning }
        _ = try bench.worker()
        try await bench.drain()
        #expect(try await bench.state(job) == point.state, "\(point.testDescription)")
        let published = bench.publications().count
        // Killed between the publication and the test's own note of it, the note is missing, not the publication.
        let isNoteLost = point.call == "publish" && point.moment == "after"
        #expect(published == (point.state == .succeeded ? 1 : 0) || isNoteLost, "\(point.testDescription)")
        try await bench.expectSound(exactly: true)
        await bench.end()
    }

    @Test("F13: a job is cancelled in every state, within lease / 3 + 1 s")
    func cancelled() async throws {
        try await FaultBench.with(lease: .seconds(3)) { bench in
            let limit = bench.lease / 3 + .seconds(1)
            func cancel(_ id: JobID, _ state: JobState) async throws {
                try await eventually { try await bench.state(id) == state }
                let asked = ContinuousClock.now
                _ = try await bench.broker.cancel(id)
                try await eventually { try await bench.state(id) == .cancelled }
                #expect(ContinuousClock.now - asked <= limit, "\(state)")
            }
            // Nobody works yet.
            try await cancel(try await bench.submit("ready"), .ready)
            let run = try await bench.broker.submit(RunSubmission(recipe: ModelRecipe.make(0)))
            try await cancel(JobID("\(run.id).b"), .waiting)
            let worker = try bench.worker()
            try await cancel(try await bench.submit("running", "steps=200 pause=50"), .running)
            // What asks for others, with what it has asked for.
            let parent = try await bench.submit("parent", "steps=200 pause=50")
            try await eventually { try await bench.state(parent) == .running }
            let child = try await bench.broker.submit(
                JobSubmission(
                    id: "parent.c", message: JobMessage(kind: .inferScore, payload: ["texts": ["steps=200 pause=50"]]),
                    parent: parent))
            try await eventually { try await bench.state(child.id) == .running }
            let asked = ContinuousClock.now
            _ = try await bench.broker.cancel(parent)
            try await eventually {
                let states = [try await bench.state(parent), try await bench.state(child.id)]
                return states.allSatisfy { $0 == .cancelled }
            }
            #expect(ContinuousClock.now - asked <= limit)
            try await bench.drain()
            worker.kill()
            // A pause of a retry, held by hand.
            try await bench.submit("delayed")
            let claimed = try await bench.broker.claim(
                kinds: [.tokenizeText], worker: WorkerID("hand"), limit: 1, lease: .seconds(60))
            let failure = JobFailure(.internalError, title: "Later", detail: "later", retryable: true)
            _ = try await bench.broker.fail(
                "delayed", fence: try #require(claimed.jobs.first).fence, failure: failure, retryAfter: .seconds(60))
            try await cancel("delayed", .delayed)
            try await bench.expectSound()
        }
    }

    @Test("F14: an append-only file that ends anywhere: Redis starts, the keys agree, the queue works on")
    func cutFile() async throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<3 {
            try await FaultBench.with { bench in
                let worker = try bench.worker()
                for number in 0..<60 {
                    try await bench.submit("t\(number)", "steps=1 fails=\(number % 3 == 0 ? 1 : 0)")
                }
                _ = try await bench.broker.submit(RunSubmission(id: "run", recipe: ModelRecipe.make(2)))
                try await Task.sleep(for: .milliseconds(300))
                bench.redis.kill()
                let folder = "\(bench.redis.folder)/appendonlydir"
                let name = try #require(
                    try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix(".incr.aof") })
                let file = try FileHandle(forUpdating: URL(filePath: "\(folder)/\(name)"))
                let size = try file.seekToEnd()
                let cut = UInt64.random(in: 1...min(20_000, size / 2), using: &generator)
                try file.truncate(atOffset: size - cut)
                try file.close()
                try await bench.redis.start()
                // What was acknowledged in the bytes that are gone is gone; all that is there must agree.
                try await bench.drain()
                let dump = try await bench.dump()
                #expect(QueueInvariants.violations(dump) == [], "\(cut) of \(size) bytes cut")
                try await bench.submit("after")
                try await bench.drain()
                #expect(try await bench.state("after") == .succeeded)
                #expect(worker.isRunning)
            }
        }
    }
}
