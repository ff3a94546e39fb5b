// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FaultInjection
import Glibc
import Jobs
import Logging
import Messages
import ServiceLifecycle
import UnixSignals

/// A worker process to kill: jobs that say how they go, and a fault at one point of its protocol.
enum FaultWorker {
    static func run(_ options: inout Options) async throws {
        let lease: Double = try options.number("lease", default: 2)
        let redis = try QueueDriver.broker(&options, lease: .seconds(lease))
        let plan = try plan(&options)
        let broker = FaultyBroker(redis, plan: plan)
        var configuration = WorkerConfiguration()
        configuration.slots = try options.number("slots", default: 4)
        configuration.lease = .seconds(lease)
        configuration.reapInterval = .seconds(min(1, lease / 2))
        configuration.pollLimit = .seconds(1)
        configuration.retryPolicy = RetryPolicy(base: .milliseconds(20), maximum: .milliseconds(200))
        let logger = Logger(label: "queue-driver")
        let folder = try options.text("store")
        try options.finish()
        let store = DirectoryArtifactStore(root: folder, logger: logger)
        // What a job asks for is served by another worker than its own, as between services: who waits holds no slot
        // that is waited for.
        let workers = [FaultJob.parents, FaultJob.children].map { kind in
            Worker(
                id: WorkerID("fault-\(getpid())-\(kind)"), broker: broker,
                handler: FaultJob(kinds: [kind], broker: broker, store: store, log: "\(folder)/published", plan: plan),
                configuration: configuration, logger: logger)
        }
        let group = ServiceGroup(
            configuration: .init(
                services: workers.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await redis.close()
    }

    private static func plan(_ options: inout Options) throws -> FaultPlan {
        let end = options.text("exit", default: "")
        let call = options.text("at", default: "complete")
        let count = try options.number("count", default: 1)
        let share: Double = try options.number("unreliable", default: 0)
        let seed: UInt64 = try options.number("seed", default: 1)
        if share > 0 {
            return .seeded(
                seed, share: share, faults: [.error, .lostReply, .delay(.milliseconds(20))],
                operations: Set(BrokerOperation.allCases).subtracting([.publish, .wait]))
        }
        guard !end.isEmpty else { return .none }
        guard ["before", "after"].contains(end), let operation = BrokerOperation(rawValue: call) else {
            throw UsageError("--exit takes before or after, --at one of \(BrokerOperation.allCases.map(\.rawValue))")
        }
        return .once(end == "before" ? .exitBefore : .exitAfter, at: operation, count: count)
    }
}
