// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Artifacts
import Glibc
import Jobs
import Logging
import Messages
import Metrics
import Redis
public import ServiceLifecycle
import Telemetry

/// Runs a service from its connections to its graceful end: Redis, artifact store, health and metrics, signals.
public struct ServiceHost: Sendable {
    public let service: String
    public let settings: ServiceSettings
    let logger: Logger

    /// Starts logs and metrics of the process.
    public init(service: String, settings: ServiceSettings) {
        self.service = service
        self.settings = settings
        Telemetry.bootstrap(
            service: service, level: settings.logLevel, format: settings.logFormat == .json ? .json : .text)
        logger = Logger(label: "mellama.\(service)")
    }

    /// Serves jobs of these handlers' kinds until a signal.
    ///
    /// Throws `ExitCode` 130 or 143 after a graceful stop, and `HostError` where Redis does not answer in time.
    public func serve(_ handlers: [any JobHandler]) async throws {
        try await run { connections in
            let set = HandlerSet(
                handlers, broker: connections.broker, store: connections.store, dataRoots: connections.dataRoots,
                logger: connections.logger)
            var configuration = WorkerConfiguration()
            configuration.slots = settings.concurrency
            configuration.lease = settings.lease
            return [
                Worker(
                    id: Self.workerID(), broker: connections.broker, handler: set, configuration: configuration,
                    logger: connections.logger)
            ]
        }
    }

    /// Runs services made from the connections until a signal, or until one of them ends.
    public func run(
        _ services: @escaping @Sendable (ServiceConnections) async throws -> [any Service]
    ) async throws {
        let signals = StopSignals.install()
        let store = DirectoryArtifactStore(root: settings.artifacts, logger: logger)
        let broker = try makeBroker()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let (stops, stop) = AsyncStream.makeStream(of: Void.self)
                let phase = HostPhase()
                group.addTask {
                    for await number in signals {
                        logger.info("Stopping", metadata: ["signal": "\(number)"])
                        // Before it serves there is nothing to end gracefully.
                        guard phase.isServing else { throw ExitCode(128 + number) }
                        stop.yield()
                    }
                    try await Task.sleep(for: .seconds(1 << 31))
                }
                group.addTask {
                    try await connect(broker, store)
                    phase.beginServing()
                    let connections = ServiceConnections(
                        broker: broker, store: store, dataRoots: DataRoots(settings.dataRoots), settings: settings,
                        logger: logger)
                    try await serve(try await services(connections), broker: broker, stops: stops)
                }
                // The signal task never returns: the first end is the service's, or an error.
                try await waitForFirst(&group)
            }
        } catch {
            await broker.close()
            throw error
        }
        await broker.close()
        if let number = StopSignals.number { throw ExitCode(128 + number) }
    }

    private func waitForFirst(_ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        defer { group.cancelAll() }
        try await group.next()
    }

    private func serve(
        _ services: [any Service], broker: any JobBroker, stops: AsyncStream<Void>
    ) async throws {
        Meter(
            label: "mellama_build_info", dimensions: [("service", service), ("version", Release.version)]
        ).set(1)
        var all = services
        if settings.adminPort != 0 {
            let server = AdminServer(
                service: service, settings: settings, broker: broker, workers: services.compactMap { $0 as? Worker },
                logger: logger)
            all.append(server.application)
        }
        if let address = settings.otlpEndpoint {
            let resource = [
                "service.name": "mellama-\(service)", "service.version": Release.version,
                "service.instance.id": Self.workerID().rawValue,
            ]
            // First in the list, so stopped last.
            all.insert(SpanExporter(address: address, resource: resource, logger: logger), at: 0)
        }
        var configuration = ServiceGroupConfiguration(
            services: all.map {
                .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
            }, logger: logger)
        configuration.maximumGracefulShutdownDuration = settings.stopTimeout
        let group = ServiceGroup(configuration: configuration)
        logger.info(
            "Serving",
            metadata: [
                "version": "\(Release.version)", "dataRoots": "\(settings.dataRoots.count)",
                "artifacts": "\(settings.artifacts)", "admin": "\(settings.adminHost):\(settings.adminPort)",
            ])
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            tasks.addTask {
                for await _ in stops { await group.triggerGracefulShutdown() }
                try await Task.sleep(for: .seconds(1 << 31))
            }
            try await waitForFirst(&tasks)
        }
    }

    private func makeBroker() throws -> RedisJobBroker {
        var options = RedisBrokerOptions()
        options.namespace = settings.namespace
        options.lease = settings.lease
        options.timeToLive = settings.retention
        options.childTimeToLive = min(settings.retention, options.childTimeToLive)
        options.textRetention = min(settings.retention, settings.textRetention)
        options.connections = max(4, settings.concurrency)
        return RedisJobBroker(configuration: try settings.redisConfiguration(), options: options, logger: logger)
    }

    /// Waits for Redis, saying so, until `startTimeout`, and looks at its settings; prepares the artifact store's
    /// folders.
    private func connect(_ broker: RedisJobBroker, _ store: DirectoryArtifactStore) async throws {
        try await store.prepare()
        let admission = RedisAdmission(
            configuration: try settings.redisConfiguration(), acceptsUnsafe: settings.acceptsUnsafeRedis, logger: logger
        )
        let deadline = ContinuousClock.now + settings.startTimeout
        var pause = Duration.milliseconds(100)
        while true {
            do {
                try await admission.check()
                return try await broker.ping()
            } catch let error as HostError {
                throw error
            } catch {
                let detail = (error as? JobError)?.detail ?? "\(error)"
                let mayPass = (error as? JobError).map { $0.code == .unavailable } ?? (error is RedisError)
                guard mayPass, ContinuousClock.now + pause < deadline else {
                    throw HostError(
                        .redisUnreachable,
                        detail: "Redis is out of reach (\(detail)); start it, or set MELLAMA_REDIS_URL")
                }
                logger.warning("Waiting for Redis", metadata: ["error": "\(detail)", "retryIn": "\(pause)"])
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// `<host>-<pid>-<random>`.
    static func workerID() -> WorkerID {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let random = String(UInt32.random(in: .min ... .max), radix: 36)
        return WorkerID("\(host)-\(getpid())-\(random)")
    }
}
