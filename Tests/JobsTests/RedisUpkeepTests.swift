// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Redis
import TestSupport
import Testing

@testable import Jobs

/// What only a broker on Redis can lose, and must mend.
@Suite("A damaged queue is found and mended")
struct RedisUpkeepTests {
    private let text = JobKind.tokenizeText
    private let worker = WorkerID("w")

    private func with(
        lease: Duration = .seconds(2), textRetention: Duration = .seconds(86_400),
        _ body: (RedisJobBroker, RedisConnection, QueueKeys) async throws -> Void
    ) async throws {
        try await RedisFixture.with { redis in
            var options = RedisBrokerOptions()
            options.lease = lease
            options.textRetention = textRetention
            options.crashPause = .milliseconds(10)
            let broker = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
            let admin = try await redis.connect()
            try await body(broker, admin, broker.keys)
            await broker.close()
        }
    }

    private func claim(_ broker: RedisJobBroker, limit: Int = 1) async throws -> [JobEnvelope] {
        try await broker.claim(kinds: [text], worker: worker, limit: limit, lease: .seconds(60)).jobs
    }

    private func audit(_ broker: RedisJobBroker, repair: Bool) async throws -> [QueueAudit.Finding] {
        var findings: [QueueAudit.Finding] = []
        var cursor: String?
        repeat {
            let slice = try await broker.check(repair: repair, cursor: cursor, limit: 3)
            findings += slice.findings
            #expect(slice.repaired == (repair ? slice.findings.count : 0))
            cursor = slice.cursor
        } while cursor != nil
        return findings
    }

    @Test("Every kind of damage to the indexes is found, mended, and then the queue drains")
    func damage() async throws {
        try await with { broker, admin, keys in
            try await broker.setControl(text, QueueControl(tenantMaximumRunning: 3))
            let recipe = Recipe(
                name: "r",
                stages: [
                    "a": RecipeStage(kind: text, payload: ["tokenizer": "t.json", "texts": ["x"]]),
                    "b": RecipeStage(kind: text, payload: ["tokenizer": "t.json", "texts": "${a.ids}"]),
                ])
            _ = try await broker.submit(RunSubmission(id: "r", recipe: recipe))
            for index in 0..<10 { try await broker.submitText(index) }
            let running = try await claim(broker, limit: 5)
            #expect(running.map(\.id) == ["r.a", "t0", "t1"])
            #expect(try await broker.job("t2")?.state == .parked)
            let done = try await claim(broker)
            #expect(done.isEmpty)
            try await broker.complete("t0", fence: running[1].fence, result: JobResult(status: .succeeded))
            #expect(try await broker.job("t2")?.state == .ready)
            #expect(try await audit(broker, repair: false).isEmpty)

            func run(_ command: String...) async throws {
                try await admin.send(RedisCommand(command[0], arguments: Array(command.dropFirst())))
            }
            try await run("ZREM", keys.ready(text), "t2")
            try await run("ZADD", keys.ready(text), "1", "t0")
            try await run("ZREM", keys.leased(text), "t1")
            try await run("SADD", keys.slots(text, tenant: "default"), "t0")
            try await run("SREM", keys.slots(text, tenant: "default"), "t1")
            try await run("SREM", keys.waiting(text), "r.b")
            try await run("ZREM", keys.parked(text, tenant: "default"), "t3")
            try await run("DEL", keys.job("t9"))
            try await run("ZREM", keys.jobs, "t8")
            try await run("SREM", keys.open(text, tenant: "default"), "t5")
            try await run("HSET", keys.run("r"), "open", "7")
            try await run("SREM", keys.kinds, text.rawValue)
            try await run("ZREM", keys.prefix + "texts", "t0")

            let found = Set(try await audit(broker, repair: false).map { "\($0.job) \($0.problem.rawValue)" })
            let expected: Set = [
                "t2 not-indexed", "t0 wrongly-indexed", "t1 without-lease", "t0 wrong-slot", "t1 wrong-slot",
                "r.b not-indexed", "t3 not-indexed", "t9 without-record", "t5 wrong-slot", "r wrong-run-count",
                "t0 not-listed", "t0 not-indexed",
            ]
            #expect(found.isSuperset(of: expected), "\(expected.subtracting(found))")
            #expect(try await !audit(broker, repair: true).isEmpty)
            // With the kinds known again, what only their lists name is found too.
            _ = try await audit(broker, repair: true)
            #expect(try await audit(broker, repair: false).isEmpty)
            #expect(try await broker.statistics(kinds: [text])[0].counters["repaired"] ?? 0 > 5)

            for envelope in running where envelope.id != "t0" {
                let result = JobResult(status: .succeeded, output: ["ids": [1]])
                try await broker.complete(envelope.id, fence: envelope.fence, result: result)
            }
            var ids: [JobID] = []
            while true {
                let next = try await claim(broker, limit: 3)
                guard !next.isEmpty else { break }
                for envelope in next {
                    let result = JobResult(status: .succeeded, output: ["ids": [1]])
                    try await broker.complete(envelope.id, fence: envelope.fence, result: result)
                }
                ids += next.map(\.id)
            }
            #expect(Set(ids) == ["t2", "t3", "t4", "t5", "t6", "t7", "t8", "r.b"])
            #expect(try await broker.run("r")?.state == .succeeded)
        }
    }

    @Test("A running job without a lease gets one: its holder goes on, or it is given back")
    func withoutLease() async throws {
        try await with(lease: .milliseconds(500)) { broker, admin, keys in
            for index in 0..<2 { try await broker.submitText(index) }
            let claimed = try await claim(broker, limit: 2)
            try await admin.send(RedisCommand("DEL", keys.leased(text)))
            #expect(try await broker.reap() == 0)
            let held = try await admin.send(RedisCommand("ZCARD", keys.leased(text)))
            #expect(held.integer == 2)
            #expect(try await broker.statistics(kinds: [text])[0].counters["repaired"] == 2)
            let beat = Heartbeat(job: "t0", fence: claimed[0].fence)
            #expect(try await broker.heartbeat([beat], lease: .seconds(60)) == [.held])
            try await eventually { try await broker.reap() == 1 }
            #expect(try await broker.job("t0")?.state == .running)
            #expect(try await broker.job("t1")?.crashes == 1)
            #expect(try await broker.job("t1")?.state == .ready)
        }
    }

    @Test("A server clock that was set back does not lengthen a dead worker's lease")
    func clockSetBack() async throws {
        try await with(lease: .milliseconds(600)) { broker, admin, keys in
            try await broker.submitText(0)
            _ = try await claim(broker)
            // As it would be after an hour's step back.
            let now = try #require(try await broker.job("t0")?.created)
            try await admin.send(RedisCommand("HSET", keys.meta, "last_ms", String(now + 3_600_000)))
            try await admin.send(RedisCommand("ZADD", keys.leased(text), String(now + 3_600_000), "t0"))
            #expect(try await broker.reap() == 0)
            #expect(try await broker.job("t0")?.state == .running)
            try await eventually(within: .seconds(20)) { try await broker.reap() == 1 }
            #expect(try await broker.job("t0")?.crashes == 1)
        }
    }

    @Test("Only a job that reports progress has a stream; its events are merged in their order")
    func progressStream() async throws {
        try await with { broker, admin, keys in
            try await broker.submitText(0)
            let envelope = try await claim(broker)[0]
            func streams() async throws -> Int? {
                try await admin.send(RedisCommand("EXISTS", keys.events("t0" as JobID))).integer
            }
            #expect(try await streams() == 0)
            for step in 1...2 {
                let beat = Heartbeat(
                    job: "t0", fence: envelope.fence, progress: JobProgress(phase: "p", step: step))
                _ = try await broker.heartbeat([beat], lease: .seconds(60))
            }
            #expect(try await streams() == 1)
            try await broker.release("t0", fence: envelope.fence)
            let all = try await broker.events(.job("t0"), after: nil, limit: 100, wait: .zero)
            #expect(all.map(\.kind) == [.state, .state, .progress, .progress, .state])
            #expect(all.map { $0.progress?.step } == [nil, nil, 1, 2, nil])
            #expect(all == (try await broker.events(.all, after: nil, limit: 100, wait: .zero)))
            // One at a time, each from the last.
            var single: [JobEvent] = []
            while let next = try await broker.events(
                .job("t0"), after: single.last?.id, limit: 1, wait: .zero
            ).first { single.append(next) }
            #expect(single == all)
        }
    }

    @Test("A job's log is bounded, and who reads it from the start is told of the gap")
    func longLog() async throws {
        try await with { broker, admin, keys in
            try await broker.submitText(0)
            for _ in 0..<300 {
                let envelope = try await claim(broker)[0]
                try await broker.release("t0", fence: envelope.fence)
            }
            let length = try await admin.send(RedisCommand("HSTRLEN", keys.job("t0"), "log"))
            #expect(try (5000...8192).contains(#require(length.integer)))
            let events = try await broker.events(.job("t0"), after: nil, limit: 1000, wait: .zero)
            #expect(events.first?.kind == .gap)
            #expect(events.last?.state == .ready)
            let rest = try await broker.events(.job("t0"), after: events.first?.id, limit: 1000, wait: .zero)
            #expect(rest == Array(events.dropFirst()))
            #expect(rest.count > 100)
        }
    }

    @Test("A queued job costs less than two kilobytes, with all that names it")
    func memory() async throws {
        try await with { broker, admin, keys in
            func used() async throws -> Int {
                let information = try await admin.send(RedisCommand("INFO", "memory")).string ?? ""
                let line = information.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
                return try #require(line.flatMap { Int($0.dropFirst("used_memory:".count)) })
            }
            try await broker.submitText(0)
            let before = try await used()
            for batch in 0..<10 {
                let jobs = (0..<1000).map { index in
                    let payload: JSONValue = ["tokenizer": "t.json", "texts": [.string("\(batch) \(index)")]]
                    return JobSubmission(message: JobMessage(kind: .tokenizeText, payload: payload))
                }
                _ = try await broker.submit(jobs)
            }
            let each = (try await used() - before) / 10_000
            print("bytes a queued job: \(each)")
            #expect(each < 2000)
        }
    }

    @Test("A record that can't be read fails by itself, and the others of the claim go out")
    func unreadable() async throws {
        try await with { broker, admin, keys in
            for index in 0..<3 { try await broker.submitText(index) }
            try await admin.send(RedisCommand("HSET", keys.job("t0"), "payload", "{"))
            try await admin.send(RedisCommand("HDEL", keys.job("t1"), "payload"))
            #expect(try await claim(broker, limit: 3).map(\.id) == ["t2"])
            for id in ["t0", "t1"] as [JobID] {
                let job = try await broker.job(id)
                #expect(job?.state == .failed)
                #expect(job?.error?.title == "The job's record can't be read")
            }
        }
    }

    @Test("An ended job's record has a time to live: at once where its texts stay, else when they go")
    func lives() async throws {
        @Sendable func life(_ id: JobID, _ admin: RedisConnection, _ keys: QueueKeys) async throws -> Int {
            try await admin.send(RedisCommand("PTTL", keys.job(id))).integer ?? -2
        }
        let day = 86_400_000
        try await with(textRetention: .milliseconds(50)) { broker, admin, keys in
            for index in 0..<2 { try await broker.submitText(index) }
            let claimed = try await claim(broker, limit: 2)
            try await broker.complete("t0", fence: claimed[0].fence, result: JobResult(status: .succeeded))
            try await broker.fail("t1", fence: claimed[1].fence, failure: .badInput("x"), retryAfter: .zero)
            let kept = try await life("t1", admin, keys)
            #expect(kept > 6 * day)
            try await eventually {
                try await broker.reap()
                return try await life("t0", admin, keys) > 6 * day
            }
            let fields = try await admin.send(RedisCommand("HMGET", keys.job("t0"), "payload", "result", "state"))
            #expect(fields.array?.map(\.string) == [nil, nil, "succeeded"])
        }
        // Texts for longer than the record: nothing is left to wait for.
        try await with(textRetention: .seconds(30 * 86_400)) { broker, admin, keys in
            try await broker.submitText(0)
            let fence = try await claim(broker)[0].fence
            try await broker.complete("t0", fence: fence, result: JobResult(status: .succeeded))
            let kept = try await life("t0", admin, keys)
            #expect(kept > 6 * day && kept <= 7 * day)
        }
    }

    @Test("The names of what has expired leave the lists")
    func expired() async throws {
        try await with { broker, admin, keys in
            for index in 0..<3 { try await broker.submitText(index) }
            for envelope in try await claim(broker, limit: 2) {
                try await broker.complete(envelope.id, fence: envelope.fence, result: JobResult(status: .succeeded))
            }
            try await admin.send(RedisCommand("DEL", keys.job("t0")))
            try await broker.reap()
            let names = try await admin.send(RedisCommand("ZRANGE", keys.jobs, "0", "-1"))
            #expect(names.array?.map(\.string) == ["t1", "t2"])
        }
    }

    @Test("The server's run id is another after a restart")
    func runID() async throws {
        try await RedisFixture.with { redis in
            let broker = RedisJobBroker(configuration: redis.configuration, logger: redis.logger)
            let first = try await broker.serverRunID()
            #expect(first.count == 40)
            #expect(try await broker.serverRunID() == first)
            try await redis.restart()
            try await eventually { (try? await broker.serverRunID()) != nil }
            #expect(try await broker.serverRunID() != first)
            await broker.close()
        }
    }
}
