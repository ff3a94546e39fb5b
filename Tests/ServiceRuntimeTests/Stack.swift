// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Foundation
import Jobs
import Logging
import Messages
import ServiceRuntime
import TestSupport

/// Workers, a broker in memory and a store in a folder that goes with it.
struct Stack: Sendable {
    let broker: any JobBroker
    let folder: String
    let store: DirectoryArtifactStore
    let dataRoots: DataRoots
    static let logger: Logger = {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }()

    init(folder: String, broker: any JobBroker = InMemoryJobBroker()) throws {
        self.folder = folder
        self.broker = broker
        try FileManager.default.createDirectory(atPath: folder + "/data", withIntermediateDirectories: true)
        store = DirectoryArtifactStore(root: folder + "/store", logger: Self.logger)
        dataRoots = DataRoots([folder + "/data"])
    }

    func handlers(_ handlers: [any JobHandler]) -> HandlerSet {
        HandlerSet(handlers, broker: broker, store: store, dataRoots: dataRoots, logger: Self.logger)
    }

    /// Runs the body with one worker a handler, on a broker in memory by default, and ends them after it.
    static func with<Value: Sendable>(
        _ handlers: [any JobHandler], slots: Int = 2, broker: any JobBroker = InMemoryJobBroker(),
        _ body: @escaping @Sendable (Stack) async throws -> Value
    ) async throws -> Value {
        try await inFolder { folder in
            let stack = try Stack(folder: folder, broker: broker)
            return try await withThrowingTaskGroup(of: Value?.self) { group in
                for (index, handler) in handlers.enumerated() {
                    var configuration = WorkerConfiguration()
                    configuration.slots = slots
                    let worker = Worker(
                        id: WorkerID("worker-\(index)"), broker: stack.broker, handler: stack.handlers([handler]),
                        configuration: configuration, logger: Self.logger)
                    group.addTask {
                        try await worker.run()
                        return nil
                    }
                }
                group.addTask { try await body(stack) }
                defer { group.cancelAll() }
                while let value = try await group.next() { if let value { return value } }
                throw CancellationError()
            }
        }
    }

    /// Runs the body with a folder that is removed after it.
    static func inFolder<Value: Sendable>(_ body: (String) async throws -> Value) async throws -> Value {
        let url = FileManager.default.temporaryDirectory.appending(path: "mellama-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: url) }
        return try await body(url.resolvingSymlinksInPath().path)
    }

    func submit(_ kind: JobKind, _ payload: some JobPayload, output: String? = nil) async throws -> JobID {
        var message = try JobMessage(kind, payload)
        if let output, case .object(var members) = message.payload {
            members["output"] = .string(output)
            message.payload = .object(members)
        }
        return try await broker.submit(JobSubmission(message: message)).id
    }

    /// Waits for a job's end by its events.
    func end(of job: JobID) async throws -> JobSnapshot {
        var cursor: String?
        while true {
            if let snapshot = try await broker.job(job), snapshot.state.isTerminal { return snapshot }
            let events = try await broker.events(.job(job), after: cursor, limit: 100, wait: .seconds(1))
            cursor = events.last?.id ?? cursor
        }
    }

    /// An attempt without a queue, as a worker would make it.
    func envelope(_ payload: Square, id: String = "job-1", fence: UInt64 = 1, output: String? = nil) throws
        -> JobEnvelope
    {
        var message = try JobMessage(Square.kind, payload)
        if let output, case .object(var members) = message.payload {
            members["output"] = .string(output)
            message.payload = .object(members)
        }
        return JobEnvelope(id: JobID(id), fence: Fence(fence), message: message)
    }
}

extension JobOutcome {
    var result: JobResult? { if case .completed(let result) = self { result } else { nil } }
    var failure: JobFailure? { if case .failed(let failure) = self { failure } else { nil } }
}
