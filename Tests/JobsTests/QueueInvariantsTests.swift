// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Redis
import TestSupport
import Testing

@Suite("The invariants that the fault tests rely on notice each kind of damage")
struct QueueInvariantsTests {
    /// One command that breaks one promise, and how the finding begins.
    struct Damage: CustomTestStringConvertible, Sendable {
        let command: [String]
        let finding: String
        var testDescription: String { "\(command.joined(separator: " ")): \(finding)" }

        init(_ command: String, _ finding: String) {
            self.command = command.split(separator: " ").map(String.init)
            self.finding = finding
        }
    }

    static let damages = [
        Damage("DEL job:ready", "ready was acknowledged and is not there: lost"),
        Damage("HSET job:ready state nowhere", "ready has the state nowhere"),
        Damage("HSET job:ready state running", "ready is running and in"),
        Damage("ZREM q:tokenize.text:ready ready", "ready is ready and in []"),
        Damage("ZADD q:tokenize.text:ready 1 done", "done is succeeded and in"),
        Damage("ZADD q:tokenize.text:ready 1 nobody", "nobody is in"),
        Damage("ZREM q:tokenize.text:leased held", "held is running and in []"),
        Damage("ZREM jobs ready", "ready has a record and is in no list of jobs"),
        Damage("SREM q:tokenize.text:slots:default held", "held is running and its slot is not"),
        Damage("SADD q:tokenize.text:slots:default ready", "ready is ready and its slot is not"),
        Damage("SREM q:tokenize.text:open:default ready", "ready is ready and its place is not"),
        Damage("SADD q:tokenize.text:open:default done", "done is succeeded and its place is not"),
        Damage("XADD ev * e state j done st succeeded", "done succeeded 2 times: doubled"),
        Damage("XADD ev * e state j held st ready", "held is running, not what its last event says"),
        Damage("XADD ev * e state j ready st waiting", "ready went from ready to waiting"),
        Damage("PEXPIRE job:ready 100000", "ready is ready and will expire: would be lost"),
        Damage("ZREM texts done", "done has ended and will never expire"),
        Damage("HSET run:r open 5", "r has 2 open stages and counts 5"),
        Damage("HSET run:r state succeeded", "r is succeeded with 2 open stages"),
        Damage("ZREM runs r", "r is in no list of runs"),
        Damage("SADD job:r.b:deps done", "r.b waits for done, which has ended"),
        Damage("DEL job:r.b:deps", "r.b waits for nothing"),
        Damage("SREM job:held:kids child", "child is no child to its parent"),
        Damage("SREM job:held:open child", "child is open and its parent does not know"),
        Damage("SET stray 1", "stray is a key that nothing owns"),
        Damage("HSET q:tokenize.text:stats succeeded 7", "tokenize.text counts 7 succeeded"),
    ]

    @Test("One damage, one finding", arguments: damages)
    func finds(damage: Damage) async throws {
        try await RedisFixture.with { redis in
            var options = RedisBrokerOptions()
            options.namespace = "whole"
            let broker = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
            let admin = try await redis.connect()
            let acknowledged = try await Self.fill(broker)
            let whole = QueueInvariants.violations(
                try await QueueDump(admin, namespace: "whole"), submitted: acknowledged, exactly: true)
            #expect(whole == [])

            var command = damage.command
            command[1] = "mq:{whole}:" + command[1]
            try await admin.send(RedisCommand(command[0], arguments: Array(command.dropFirst())))
            let found = QueueInvariants.violations(
                try await QueueDump(admin, namespace: "whole"), submitted: acknowledged, exactly: true)
            #expect(found.contains { $0.hasPrefix(damage.finding) }, "\(found)")
            await broker.close()
        }
    }

    /// A job in each of the common places; gives all ids.
    private static func fill(_ broker: RedisJobBroker) async throws -> Set<String> {
        func submit(_ id: JobID, kind: JobKind = .tokenizeText, parent: JobID? = nil) async throws {
            let message = JobMessage(kind: kind, payload: ["tokenizer": "t.json", "texts": ["x"]])
            _ = try await broker.submit(JobSubmission(id: id, message: message, parent: parent))
        }
        func claim() async throws -> JobEnvelope? {
            try await broker.claim(kinds: [.tokenizeText], worker: WorkerID("w"), limit: 1, lease: .seconds(60)).jobs
                .first
        }
        try await submit("done")
        let done = try await claim()
        let fence = try #require(done).fence
        try await broker.complete("done", fence: fence, result: JobResult(status: .succeeded))
        try await submit("held")
        let held = try await claim()
        #expect(held?.id == "held")
        try await submit("child", kind: "other.kind", parent: "held")
        try await submit("ready")
        let recipe = Recipe(
            name: "r",
            stages: [
                "a": RecipeStage(kind: .tokenizeText, payload: ["tokenizer": "t.json", "texts": ["x"]]),
                "b": RecipeStage(kind: .tokenizeText, payload: ["tokenizer": "t.json", "texts": "${a.ids}"]),
            ])
        _ = try await broker.submit(RunSubmission(id: "r", recipe: recipe))
        return ["done", "held", "child", "ready", "r.a", "r.b"]
    }
}
