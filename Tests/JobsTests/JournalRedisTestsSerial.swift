// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Synchronization
import TestSupport
import Testing

@testable import Jobs

/// Alone: a server is killed in full flight, again and again.
@Suite("F14: Redis under everysec loses its tail, and no accepted submission", .serialized)
struct JournalRedisTestsSerial {
    @Test("Killed, and its file cut at a random byte", arguments: [UInt64(1), 2, 3])
    func cutTail(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        try await JournalFolderFixture.with { folder in
            try await RedisFixture.with { redis in
                var options = RedisBrokerOptions()
                options.patience = .milliseconds(200)
                let base = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
                let journal = try await SubmissionJournal.open(folder: folder, logger: .quiet)
                let broker = JournaledJobBroker(
                    base: base, journal: journal, logger: .quiet,
                    serverRunID: { () async throws(JobError) in try await base.serverRunID() })
                #expect(try await broker.checkServer() == 0)
                let load = Load(broker)
                var lost = 0
                for round in 0..<4 {
                    let goal = load.accepted.count + Int.random(in: 50...400, using: &random)
                    try await withThrowingTaskGroup { group in
                        for client in 0..<8 { group.addTask { await load.run("\(round)-\(client)") } }
                        try await eventually(within: .seconds(60)) { load.accepted.count >= goal }
                        redis.kill()
                        load.stop()
                        try await group.waitForAll()
                    }
                    try Self.cut(redis.folder, &random)
                    try await redis.start()
                    lost += try await Self.replayed(broker)
                    for id in load.accepted {
                        let state = try await base.job(id)?.state
                        let expected: JobState = load.cancelled.contains(id) ? .cancelled : .ready
                        #expect(state == expected, "seed \(seed), round \(round): \(id)")
                    }
                    for id in load.runs { #expect(try await base.run(id) != nil) }
                }
                #expect(lost > 0, "the cut took nothing, so nothing was shown")
                print("seed \(seed): \(load.accepted.count) accepted, \(lost) lost by Redis and replayed")
                await journal.close()
                await base.close()
            }
        }
    }

    /// How many submissions the first check that succeeds has replayed.
    static func replayed(_ broker: JournaledJobBroker) async throws -> Int {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await broker.checkServer() ?? 0
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// Clients that submit, and sometimes cancel, until they are told to stop.
    final class Load: Sendable {
        private struct Done {
            var accepted: Set<JobID> = []
            var cancelled: Set<JobID> = []
            var runs: Set<RunID> = []
            var isStopped = false
        }

        private let broker: JournaledJobBroker
        private let done = Mutex(Done())

        init(_ broker: JournaledJobBroker) { self.broker = broker }

        var accepted: Set<JobID> { done.withLock { $0.accepted } }
        var cancelled: Set<JobID> { done.withLock { $0.cancelled } }
        var runs: Set<RunID> { done.withLock { $0.runs } }
        func stop() { done.withLock { $0.isStopped = true } }

        func run(_ name: String) async {
            done.withLock { $0.isStopped = false }
            var index = 0
            while !done.withLock({ $0.isStopped }) {
                index += 1
                let submission = JobSubmission(
                    message: JobMessage(kind: .tokenizeText, payload: ["texts": [.string("\(name)-\(index)")]]),
                    idempotencyKey: "\(name)-\(index)")
                guard let id = try? await broker.submit(submission).id else { continue }
                done.withLock { _ = $0.accepted.insert(id) }
                if index % 10 == 0 {
                    // From here on a person may have cancelled it, whether or not the answer comes.
                    guard (try? await broker.cancel(id)) != nil else {
                        done.withLock { _ = $0.accepted.remove(id) }
                        continue
                    }
                    done.withLock { _ = $0.cancelled.insert(id) }
                }
                if index % 25 == 0,
                    let run = try? await broker.submit(RunSubmission(recipe: JournalBrokerTests.recipe)).id
                {
                    done.withLock { _ = $0.runs.insert(run) }
                }
            }
        }
    }

    /// Cuts the append-only file somewhere in its last third.
    static func cut(_ folder: String, _ random: inout SeededGenerator) throws {
        let parts = "\(folder)/appendonlydir"
        let names = try FileManager.default.contentsOfDirectory(atPath: parts).filter { $0.hasSuffix(".incr.aof") }
        let name = try #require(names.max { $0.count < $1.count || ($0.count == $1.count && $0 < $1) })
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: "\(parts)/\(name)")[.size] as? Int)
        #expect(truncate("\(parts)/\(name)", Int.random(in: size * 2 / 3...size, using: &random)) == 0)
    }
}
