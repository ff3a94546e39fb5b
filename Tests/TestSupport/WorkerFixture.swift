// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Jobs
public import Logging
public import Messages
import ServiceLifecycle

/// A handler made of a closure.
public struct ClosureHandler: ClaimedJobHandler {
    /// The kinds it serves.
    public let kinds: [JobKind]
    private let body: @Sendable (JobEnvelope, JobControl) async -> JobOutcome

    /// A handler of these kinds.
    public init(
        _ kinds: [JobKind] = [.tokenizeText], _ body: @escaping @Sendable (JobEnvelope, JobControl) async -> JobOutcome
    ) {
        self.kinds = kinds
        self.body = body
    }

    /// Runs the closure.
    public func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        await body(envelope, control)
    }
}

/// Workers of one test, running while its body does.
public struct WorkerFixture: Sendable {
    private let group: ServiceGroup

    /// Asks all workers to stop gracefully; returns at once.
    public func shutDown() async { await group.triggerGracefulShutdown() }

    /// Runs workers beside the body, and shuts them down gracefully after it.
    public static func with<Value: Sendable>(
        _ workers: Worker..., logger: Logger = .quiet, body: @Sendable (WorkerFixture) async throws -> Value
    ) async throws -> Value {
        let service = ServiceGroup(services: workers, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            do {
                let value = try await body(WorkerFixture(group: service))
                await service.triggerGracefulShutdown()
                try await group.waitForAll()
                return value
            } catch {
                await service.triggerGracefulShutdown()
                group.cancelAll()
                throw error
            }
        }
    }
}

extension Logger {
    /// A logger that tells errors only.
    public static var quiet: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .error
        return logger
    }
}

extension Worker {
    /// A worker with a short lease.
    public static func test(
        _ name: String = "worker", broker: any JobBroker, slots: Int = 1, lease: Duration = .seconds(2),
        handler: any ClaimedJobHandler
    ) -> Worker {
        var configuration = WorkerConfiguration()
        configuration.slots = slots
        configuration.lease = lease
        configuration.retryPolicy = RetryPolicy(base: .milliseconds(1))
        return Worker(
            id: WorkerID(name), broker: broker, handler: handler, configuration: configuration, logger: .quiet)
    }
}
