// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Foundation
import Glibc
import Jobs
import Messages
import Redis
import Synchronization
import TestSupport

/// A queue under load and under attack: producers, worker processes, and a disturber that draws its next deed from a seed.
final class Chaos: Sendable {
    private struct State {
        var workers: [WorkerProcess] = []
        /// What was done, by name.
        var disturbances: [String: Int] = [:]
        var runs = 0
        var isOver = false
        /// How often each job has succeeded, as the events told it.
        var successes: [String: Int] = [:]
        var cursor: String?
        var gaps = 0
    }

    private let bench: FaultBench
    private let seed: UInt64
    private let proxy: StallingProxy
    private let state = Mutex(State())
    private let started = ContinuousClock.now

    init(_ bench: FaultBench, seed: UInt64) throws {
        self.bench = bench
        self.seed = seed
        proxy = try StallingProxy(to: bench.redis.port)
    }

    private var isOver: Bool { state.withLock { $0.isOver } }
    private func count(_ name: String) { state.withLock { $0.disturbances[name, default: 0] += 1 } }

    /// A worker; every other one sits behind the proxy, and one in four calls its broker over an unreliable way.
    private func hire(_ index: Int) throws -> WorkerProcess {
        let url = index % 2 == 1 ? "redis://127.0.0.1:\(proxy.port)/0" : nil
        guard index % 4 == 3 else { return try bench.worker(url: url) }
        return try bench.worker("--unreliable", "0.02", "--seed", "\(seed &+ UInt64(index))", url: url)
    }

    /// Disturbs for a while, then lets everything come to its end.
    func run(for time: Duration) async throws {
        let workers = try (0..<4).map { try hire($0) }
        state.withLock { $0.workers = workers }
        try await withThrowingTaskGroup { group in
            for client in 0..<3 { group.addTask { await self.produce(client) } }
            group.addTask { await self.steer() }
            group.addTask { await self.listen() }
            group.addTask { try await self.disturb(until: .now + time) }
            try await group.waitForAll()
        }
        // What died at the end is started again, and all that was accepted must end.
        proxy.set(.pass)
        for (index, worker) in state.withLock({ $0.workers }).enumerated() where !worker.isRunning {
            let fresh = try hire(index)
            state.withLock { $0.workers[index] = fresh }
        }
        do {
            try await bench.drain(within: .seconds(120))
        } catch is TestSignalError {
            // The report says what has not ended.
        }
        await hear()
        proxy.close()
    }

    /// Follows the stream of all events, which is too short for a long run.
    private func listen() async {
        while !isOver {
            await hear()
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    private func hear() async {
        while true {
            let cursor = state.withLock { $0.cursor }
            guard let events = try? await bench.broker.events(.all, after: cursor, limit: 5000, wait: .zero),
                let last = events.last
            else { return }
            state.withLock { state in
                state.cursor = last.id
                for event in events {
                    if event.kind == .gap { state.gaps += 1 }
                    if event.state == .succeeded { state.successes[event.job.rawValue, default: 0] += 1 }
                }
            }
        }
    }

    private func produce(_ client: Int) async {
        var g = SeededGenerator(seed &* 31 &+ UInt64(client))
        var number = 0
        while !isOver {
            number += 1
            let id = "c\(client)-\(number)"
            let tenant = "t\(Int.random(in: 0..<3, using: &g))"
            let words =
                switch Int.random(in: 0..<20, using: &g) {
                case 0: "permanent=1"
                case 1, 2: "fails=1 steps=1"
                case 3: "fails=9"
                case 4, 5: "children=2 steps=1"
                case 6: "steps=30 pause=100"
                default: "steps=2 pause=10"
                }
            let priority = Int.random(in: -2...2, using: &g)
            let isRun = Int.random(in: 0..<12, using: &g) == 0
            let deadline = Int.random(in: 0..<20, using: &g) == 0
            do {
                if isRun {
                    let recipe = ModelRecipe.make(Int.random(in: 0..<ModelRecipe.count, using: &g))
                    let run = try await patiently {
                        try await self.bench.broker.submit(
                            RunSubmission(id: RunID(id), recipe: recipe, tenant: tenant, priority: priority))
                    }
                    for stage in recipe.stages.keys { bench.note(JobID("\(run.id).\(stage)")) }
                    state.withLock { $0.runs += 1 }
                } else {
                    let due = Int64(Date().timeIntervalSince1970 * 1000) + 20_000
                    try await patiently {
                        try await self.bench.submit(
                            id, words, priority: priority, tenant: tenant, deadline: deadline ? due : nil)
                    }
                }
            } catch {
                // Not acknowledged: nobody may rely on it.
                count("submissions given up")
            }
            try? await Task.sleep(for: .milliseconds(Int.random(in: 10...80, using: &g)))
        }
    }

    /// What a client does that was told to try again: the same id, until it is acknowledged.
    @discardableResult
    private func patiently<Value: Sendable>(_ call: @Sendable () async throws -> Value) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do {
                return try await call()
            } catch let error as JobError {
                guard error.code == .unavailable, ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Cancels and retries what is there.
    private func steer() async {
        var g = SeededGenerator(seed &* 77)
        while !isOver {
            try? await Task.sleep(for: .milliseconds(150))
            // Among the newest, half of which have not ended; of those that have, some may be retried.
            guard let page = try? await bench.broker.jobs(JobFilter(limit: 20)).jobs,
                let job = page.randomElement(using: &g)
            else { continue }
            if job.state.isTerminal {
                if (try? await bench.broker.retry(job.id)) != nil { count("jobs retried by hand") }
            } else if Int.random(in: 0..<3, using: &g) == 0 {
                if (try? await bench.broker.cancel(job.id)) != nil { count("cancellations") }
            }
        }
    }

    private func disturb(until end: ContinuousClock.Instant) async throws {
        var g = SeededGenerator(seed)
        defer { state.withLock { $0.isOver = true } }
        while ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(Int.random(in: 300...1500, using: &g)))
            try await disturbOnce(&g)
            // A supervisor starts again who has died.
            for (index, worker) in state.withLock({ $0.workers }).enumerated() where !worker.isRunning {
                worker.kill()
                let fresh = try hire(index)
                state.withLock { $0.workers[index] = fresh }
            }
        }
    }

    private func disturbOnce(_ g: inout SeededGenerator) async throws {
        let deed = Int.random(in: 0..<20, using: &g)
        let victim = state.withLock { $0.workers }[Int.random(in: 0..<4, using: &g)]
        let pause = Duration.milliseconds(Int.random(in: 200...3500, using: &g))
        switch deed {
        case 0..<5:
            victim.kill()
            count("kill -9 of a worker")
        case 5..<8:
            victim.suspend()
            try await Task.sleep(for: pause)
            victim.resume()
            count("SIGSTOP of a worker")
        case 8, 9:
            try await bench.redis.restart()
            count("kill -9 of Redis")
        case 10, 11:
            bench.redis.suspend()
            try await Task.sleep(for: pause)
            bench.redis.resume()
            count("SIGSTOP of Redis")
        case 12, 13:
            try await ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            count("CLIENT KILL")
        case 14:
            try await ask("SCRIPT", "FLUSH")
            count("SCRIPT FLUSH")
        case 15, 16:
            try await ask("CONFIG", "SET", "maxmemory", "1")
            try await Task.sleep(for: pause)
            try await ask("CONFIG", "SET", "maxmemory", "0")
            count("full memory")
        case 17, 18:
            proxy.set(.stall)
            try await Task.sleep(for: pause)
            proxy.set(.pass)
            count("network stall")
        default:
            proxy.set(.cut)
            try await Task.sleep(for: pause / 4)
            proxy.set(.pass)
            count("network cut")
        }
    }

    private func ask(_ words: String...) async throws {
        let connection = try await bench.redis.connect()
        try await connection.send(RedisCommand(words[0], arguments: Array(words.dropFirst())))
        await connection.close()
    }

    /// What has become of it all.
    func report() async throws -> ChaosReport {
        let dump = try await bench.dump()
        let jobs = dump.jobs
        let (successes, gaps) = state.withLock { ($0.successes, $0.gaps) }
        let accepted = bench.acknowledged
        let published = Dictionary(grouping: bench.publications(), by: \.job)
        let unfinished = accepted.filter { id in
            jobs[id]?["state"].flatMap(JobState.init(rawValue:))?.isTerminal != true
        }
        let doubled = Set(successes.filter { $0.value > 1 }.keys)
            .union(published.filter { $0.value.count > 1 }.keys)
        var ends: [String: Int] = [:]
        for job in jobs.values { ends[job["state"] ?? "?", default: 0] += 1 }
        let statistics = try await bench.broker.statistics(kinds: [.tokenizeText, .inferScore])
        return ChaosReport(
            seed: seed, seconds: Int((ContinuousClock.now - started).components.seconds), ends: ends,
            runs: state.withLock { $0.runs }, disturbances: state.withLock { $0.disturbances },
            attempts: statistics.reduce(0) { $0 + ($1.counters["claimed"] ?? 0) },
            crashes: statistics.reduce(0) { $0 + ($1.counters["lease_expired"] ?? 0) }, lost: unfinished.sorted(),
            doubled: doubled.sorted(),
            problems: QueueInvariants.violations(dump, submitted: accepted)
                + (gaps == 0 ? [] : ["\(gaps) gaps in the events that were followed"]))
    }
}
