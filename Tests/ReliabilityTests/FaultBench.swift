// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Glibc
import Jobs
import Logging
import Messages
import Redis
import Synchronization
import TestSupport
import Testing

/// A queue to break: a real Redis, worker processes, an artifact store, and the check of what must hold after all.
final class FaultBench: Sendable {
    let redis: RedisFixture
    let broker: RedisJobBroker
    let namespace: String
    let lease: Duration
    let folder: String
    let store: DirectoryArtifactStore
    private let accepted = Mutex<Set<String>>([])
    private let processes = Mutex<[WorkerProcess]>([])

    init(_ redis: RedisFixture, namespace: String = "fault", lease: Duration = .seconds(2)) throws {
        self.redis = redis
        self.namespace = namespace
        self.lease = lease
        var options = RedisBrokerOptions()
        options.namespace = namespace
        options.lease = lease
        options.patience = .seconds(20)
        broker = RedisJobBroker(configuration: redis.configuration, options: options, logger: redis.logger)
        folder = "\(redis.folder)/store-\(namespace)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = DirectoryArtifactStore(root: folder, logger: redis.logger)
    }

    /// Runs the body with a Redis that acknowledges what is on its disk; ends what it has started.
    static func with<Value: Sendable>(
        lease: Duration = .seconds(2), clock: ServerClock? = nil, _ body: (FaultBench) async throws -> Value
    ) async throws -> Value {
        try await RedisFixture.with(options: ["--appendfsync", "always"], clock: clock) { redis in
            let bench = try FaultBench(redis, lease: lease)
            do {
                let value = try await body(bench)
                await bench.end()
                return value
            } catch {
                await bench.end()
                throw error
            }
        }
    }

    /// Kills every worker that is left.
    func end() async {
        for process in processes.withLock({ $0 }) { process.kill() }
        await broker.close()
    }

    /// Starts a worker process.
    func worker(_ options: String..., slots: Int = 4, url: String? = nil) throws -> WorkerProcess {
        let (seconds, attoseconds) = lease.components
        let process = try WorkerProcess(
            [
                "fault", "--redis", url ?? redis.url, "--store", folder, "--namespace", namespace, "--slots",
                "\(slots)",
                "--lease", "\(Double(seconds) + Double(attoseconds) * 1e-18)",
            ] + options)
        processes.withLock { $0.append(process) }
        return process
    }

    /// Submits a job that does as the words say, and remembers it once it is acknowledged.
    @discardableResult
    func submit(
        _ id: String, _ words: String = "", priority: Int = 0, tenant: String = "default", deadline: Int64? = nil,
        key: String? = nil
    ) async throws -> JobID {
        let receipt = try await broker.submit(
            JobSubmission(
                id: JobID(id), message: Self.message(words), tenant: tenant, priority: priority, deadline: deadline,
                idempotencyKey: key))
        accepted.withLock { _ = $0.insert(receipt.id.rawValue) }
        return receipt.id
    }

    /// Notes an id that somebody else submitted.
    func note(_ id: JobID) { accepted.withLock { _ = $0.insert(id.rawValue) } }

    /// All that was acknowledged.
    var acknowledged: Set<String> { accepted.withLock { $0 } }

    static func message(_ words: String) -> JobMessage {
        JobMessage(kind: .tokenizeText, payload: ["tokenizer": "t.json", "texts": [.string(words)]])
    }

    func state(_ id: JobID) async throws -> JobState? { try await broker.job(id)?.state }

    /// Waits until a running job has got so far.
    func awaitStep(_ step: Int, of id: JobID) async throws {
        try await eventually { (try await self.broker.job(id)?.progress?.step ?? 0) >= step }
    }

    /// The step that a job's checkpoint holds, and when it was written.
    func checkpoint(of id: JobID) throws -> (step: Int, written: Date)? {
        let path = try store.workspace(of: id) + "/step"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let step = Int(text),
            let date = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
        else { return nil }
        return (step, date)
    }

    /// What was published, one job and process a line.
    func publications() -> [(job: String, process: String)] {
        let text = (try? String(contentsOfFile: "\(folder)/published", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            return words.count == 3 ? (String(words[0]), String(words[2])) : nil
        }
    }

    /// Waits until nothing is open.
    func drain(within limit: Duration = .seconds(90)) async throws {
        try await eventually(within: limit) {
            // One script: read one state after the other, a job on its way is in none.
            let statistics = try await self.broker.statistics(kinds: [.tokenizeText, .inferScore])
            return statistics.allSatisfy { queue in
                queue.depth.allSatisfy { state, count in state.isTerminal || count == 0 }
            }
        }
    }

    /// All keys of the queue now.
    func dump() async throws -> QueueDump {
        let connection = try await redis.connect()
        let dump = try await QueueDump(connection, namespace: namespace)
        await connection.close()
        return dump
    }

    /// Checks the invariants, that nothing was published twice, and that each success was published by the attempt that
    /// reported it or an earlier one.
    func expectSound(exactly: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let dump = try await dump()
        let problems = QueueInvariants.violations(dump, submitted: acknowledged, exactly: exactly)
        #expect(problems == [], sourceLocation: sourceLocation)
        // The queue's own audit agrees.
        var cursor: String?
        repeat {
            let audit = try await broker.check(repair: false, cursor: cursor, limit: 500)
            #expect(audit.findings == [], sourceLocation: sourceLocation)
            cursor = audit.cursor
        } while cursor != nil
        for (job, lines) in Dictionary(grouping: publications(), by: \.job) where lines.count > 1 {
            Issue.record("\(job) was published \(lines.count) times", sourceLocation: sourceLocation)
        }
        for (id, job) in dump.jobs where job["state"] == "succeeded" {
            let manifest = try #require(
                try await store.manifest(of: JobID(id)), "\(id) has no manifest", sourceLocation: sourceLocation)
            #expect(manifest.result != nil, "\(id)", sourceLocation: sourceLocation)
            let done = job["done"].flatMap { UInt64($0) } ?? 0
            #expect(manifest.fence <= Fence(done), "\(id)", sourceLocation: sourceLocation)
        }
    }
}
