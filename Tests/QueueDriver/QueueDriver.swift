// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Jobs
import Logging
import Messages
import Redis
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Puts jobs into a queue and takes them out again, with the broker and the worker that the services use: what the
/// queue's bench and its fault tests start, measure and kill.
@main
enum QueueDriver {
    static let usage = """
        usage: queue-driver produce --redis URL --jobs N [--gap SECONDS] [--bulk N] [--namespace NAME]
               queue-driver work --redis URL --done FILE [--slots N] [--sleep SECONDS] [--lease SECONDS]
                                 [--namespace NAME]
               queue-driver ceiling --redis URL [--batch N] [--depth N] [--namespace NAME]
               queue-driver fault --redis URL --store FOLDER [--slots N] [--lease SECONDS] [--namespace NAME]
                                  [--exit before|after] [--at CALL] [--count N] [--unreliable SHARE] [--seed N]
        produce submits N jobs, one after another or --bulk at a time, and prints the seconds it took.
        work handles jobs until SIGTERM; each appends its times of submission and start to FILE (16 bytes).
        ceiling ends all ready jobs by the bare scripts, batch by batch, and prints the jobs a second that took.
        fault handles jobs that say themselves how they go, publishes into an artifact store, and ends as by kill -9
        before or after the Nth CALL; a SHARE (0 to 1) of its calls fails or loses its answer.
        """

    static func main() async {
        do {
            var options = try Options(CommandLine.arguments.dropFirst(2))
            Telemetry.bootstrap(service: "queue-driver", level: .warning, format: .text)
            switch CommandLine.arguments.dropFirst().first {
            case "produce": try await produce(&options)
            case "work": try await work(&options)
            case "ceiling": try await ceiling(&options)
            case "fault": try await FaultWorker.run(&options)
            default: throw UsageError("name a command")
            }
        } catch {
            let text = "queue-driver: \(error)\n" + (error is UsageError ? usage + "\n" : "")
            _ = write(2, text, text.utf8.count)
            exit(error is UsageError ? 2 : 1)
        }
    }

    static func broker(_ options: inout Options, lease: Duration = .seconds(15)) throws -> RedisJobBroker {
        var settings = RedisBrokerOptions()
        settings.namespace = options.text("namespace", default: settings.namespace)
        settings.lease = lease
        return RedisJobBroker(
            configuration: try options.redis(), options: settings, logger: Logger(label: "queue-driver"))
    }

    private static func produce(_ options: inout Options) async throws {
        let broker = try broker(&options)
        let jobs = try options.number("jobs", default: 1)
        let gap: Double = try options.number("gap", default: 0)
        let bulk = max(1, try options.number("bulk", default: 1))
        try options.finish()
        // The connection is not part of the time.
        try await broker.ping()
        let start = BenchJob.now()
        var left = jobs
        while left > 0 {
            let count = min(bulk, left)
            try await submit(count, to: broker)
            left -= count
            if gap > 0 { try await Task.sleep(for: .seconds(gap)) }
        }
        print(BenchJob.now() - start)
        await broker.close()
    }

    private static func submit(_ count: Int, to broker: RedisJobBroker) async throws {
        let submissions = (0..<count).map { _ in JobSubmission(message: BenchJob.message()) }
        guard count > 1 else {
            _ = try await broker.submit(submissions[0])
            return
        }
        for result in try await broker.submit(submissions) { _ = try result.get() }
    }

    private static func ceiling(_ options: inout Options) async throws {
        let namespace = options.text("namespace", default: RedisBrokerOptions().namespace)
        let ceiling = Ceiling(
            configuration: try options.redis(), meta: "mq:{\(namespace)}:meta",
            batch: try options.number("batch", default: 5), depth: try options.number("depth", default: 4))
        try options.finish()
        let (jobs, seconds) = try await ceiling.drain()
        print(Double(jobs) / seconds)
    }

    private static func work(_ options: inout Options) async throws {
        let lease: Double = try options.number("lease", default: 15)
        let broker = try broker(&options, lease: .seconds(lease))
        var configuration = WorkerConfiguration()
        configuration.slots = try options.number("slots", default: 10)
        configuration.lease = .seconds(lease)
        let pause: Double = try options.number("sleep", default: 0)
        let handler = try BenchJob(done: options.text("done"), pause: .seconds(pause))
        try options.finish()
        let logger = Logger(label: "queue-driver")
        let worker = Worker(
            id: WorkerID("driver-\(getpid())"), broker: broker, handler: handler, configuration: configuration,
            logger: logger)
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: worker, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await broker.close()
    }
}
