// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Foundation
import Redis
import TestSupport
import Testing

@testable import Jobs

/// Bounded in time; `MELLAMA_MODEL_SECONDS`, `MELLAMA_MODEL_SEQUENCES` and `MELLAMA_MODEL_SEED` run more, or one again.
@Suite("Redis and the model in memory stay equal, step by step", .serialized)
struct ModelCheckTestsSerial {
    private static func number(_ name: String, default value: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? value
    }

    @Test("thousands of random sequences of calls")
    func randomSequences() async throws {
        let clock = try ServerClock()
        let count = Self.number("MELLAMA_MODEL_SEQUENCES", default: 3000)
        let limit = Duration.seconds(Self.number("MELLAMA_MODEL_SECONDS", default: 30))
        let firstSeed = Self.number("MELLAMA_MODEL_SEED", default: 1)
        try await RedisFixture.with(options: ["--appendonly", "no"], clock: clock) { redis in
            let admin = try await redis.connect()
            var steps = 0
            var failures = 0
            var done = 0
            let start = ContinuousClock.now
            for seed in firstSeed..<(firstSeed + count) where ContinuousClock.now - start < limit {
                done += 1
                var generator = SeededGenerator(UInt64(seed))
                let length = Int.random(in: 5...40, using: &generator)
                let operations = (0..<length).map { _ in ModelOperation.random(&generator) }
                steps += length
                guard let problem = try await run(operations, redis, admin, clock) else { continue }
                var (shrunk, last) = (operations, problem)
                // Leaves calls out, ever smaller pieces, as long as something still goes wrong.
                var piece = max(1, shrunk.count / 2)
                while piece >= 1 {
                    var start = 0
                    while start < shrunk.count {
                        var fewer = shrunk
                        fewer.removeSubrange(start..<min(start + piece, shrunk.count))
                        if let problem = try await run(fewer, redis, admin, clock) {
                            (shrunk, last) = (fewer, problem)
                        } else {
                            start += piece
                        }
                    }
                    piece /= 2
                }
                let calls = shrunk.map { "  \($0)" }.joined(separator: "\n")
                Issue.record("seed \(seed): \(last)\nafter\n\(calls)")
                failures += 1
                if failures == 5 { return }
            }
            print("model check: \(done) sequences from seed \(firstSeed), \(steps) calls, \(failures) mismatches")
            await admin.close()
        }
    }

    /// What goes wrong with a sequence on fresh brokers; nil where nothing does.
    private func run(
        _ operations: [ModelOperation], _ redis: RedisFixture, _ admin: RedisConnection, _ clock: ServerClock
    ) async throws -> String? {
        // What one sequence left must not be there for the next; time only goes on.
        try await admin.send(RedisCommand("FLUSHALL"))
        clock.freeze(at: 1_763_683_200_000)
        var options = RedisBrokerOptions()
        options.namespace = "model"
        options.crashPause = .milliseconds(1000)
        let broker = RedisJobBroker(configuration: redis.socketConfiguration, options: options, logger: redis.logger)
        let pair = ModelPair(broker, serverClock: clock, start: 1_763_683_200_000)
        var problem: String?
        do {
            for operation in operations { try await pair.step(operation) }
            let wrong = QueueInvariants.violations(try await QueueDump(admin, namespace: "model"))
            if !wrong.isEmpty { problem = "invariants: " + wrong.joined(separator: "; ") }
        } catch let error as ModelPair.Mismatch {
            problem = error.description
        }
        await broker.close()
        return problem
    }
}
