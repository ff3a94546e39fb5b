// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Artifacts
public import Jobs
public import Logging
public import Messages
import Telemetry

/// A service's handlers, as the worker calls them: finds the one for a job's kind, decodes, and turns every end into
/// an outcome.
public struct HandlerSet: ClaimedJobHandler {
    /// A result whose output is larger as JSON goes through the artifact store when a job asked for it.
    static let inlineLimit = 1 << 20

    private let handlers: [JobKind: any JobHandler]
    private let backend: any JobBackend
    private let logger: Logger

    init(_ handlers: [any JobHandler], backend: any JobBackend, logger: Logger) {
        var byKind: [JobKind: any JobHandler] = [:]
        for handler in handlers { for kind in handler.kinds { byKind[kind] = handler } }
        self.handlers = byKind
        self.backend = backend
        self.logger = logger
    }

    /// Handlers of jobs from a queue.
    public init(
        _ handlers: [any JobHandler], broker: any JobBroker, store: any ArtifactStore, dataRoots: DataRoots,
        logger: Logger
    ) {
        self.init(
            handlers, backend: QueueBackend(broker: broker, store: store, dataRoots: dataRoots, logger: logger),
            logger: logger)
    }

    public var kinds: [JobKind] { handlers.keys.sorted() }

    public var loaded: [String]? {
        let models = handlers.values.compactMap(\.loadedModels)
        guard !models.isEmpty else { return nil }
        let values = models.joined().compactMap { try? MessageEncoder.value($0) }
        return Set(values.compactMap(JobMessage.affinity(ofModel:))).sorted()
    }

    public func handle(_ envelope: JobEnvelope, control: JobControl) async -> JobOutcome {
        var logger = logger
        logger[metadataKey: "job"] = "\(envelope.id)"
        logger[metadataKey: "kind"] = "\(envelope.message.kind)"
        if let trace = envelope.traceparent.flatMap({ TraceContext(traceparent: $0) }) {
            logger[metadataKey: "trace_id"] = "\(trace.trace)"
        }
        let context = JobContext(envelope: envelope, control: control, backend: backend, logger: logger)
        let outcome = await outcome(of: context)
        // With no queue there is no later attempt that could use it.
        if outcome.isForGood || !backend.keepsManifests {
            do {
                try await backend.store.removeWorkspace(of: envelope.id)
            } catch {
                logger.warning("Can't remove the job's workspace", metadata: ["error": "\(error)"])
            }
        }
        return outcome
    }

    private func outcome(of context: JobContext) async -> JobOutcome {
        do {
            guard let handler = handlers[context.kind] else {
                throw JobFailure(
                    .internalError, title: "A job of an unknown kind",
                    detail: "\(context.kind) is not served by this process; it was claimed by mistake", retryable: true)
            }
            if let result = try await finishedResult(context) {
                context.logger.info("An earlier attempt had finished the work")
                return .completed(result)
            }
            return .completed(try await run(handler, context))
        } catch {
            return JobOutcome(ending: error, stop: context.stopReason, logger: context.logger)
        }
    }

    /// What an attempt that died between its last word to the store and its last word to the queue has left.
    private func finishedResult(_ context: JobContext) async throws -> JobResult? {
        backend.keepsManifests ? try await backend.store.manifest(of: context.id)?.result : nil
    }

    private func run<Handler: JobHandler>(_ handler: Handler, _ context: JobContext) async throws -> JobResult {
        let payload = try context.envelope.message.decode(Handler.Payload.self)
        do {
            try payload.validate()
        } catch {
            throw error.below("payload")
        }
        let start = ContinuousClock.now
        let output = try await handler.handle(payload, context: context)
        context.note("seconds", (ContinuousClock.now - start) / .seconds(1))
        let bytes = try MessageEncoder.encode(output)
        var value = try MessageDecoder.parse(bytes)
        if context.envelope.parent != nil, bytes.count > Self.inlineLimit {
            value = .stored(try await store([UInt8](bytes)))
        }
        let result = JobResult(
            status: .succeeded, output: value, metrics: context.record.metrics, artifacts: context.record.artifacts)
        if backend.keepsManifests, !result.artifacts.isEmpty || context.output != nil {
            try await backend.store.updateManifest(of: context.id, fence: context.fence) { $0.result = result }
        }
        return result
    }

    private func store(_ bytes: [UInt8]) async throws -> ArtifactID {
        let upload = try await backend.store.beginUpload(limit: bytes.count)
        try await upload.write(bytes)
        return try await upload.finish()
    }
}

extension JSONValue {
    private static let storedKey = "$output"

    /// What stands for an output that is too large to travel inline: the artifact that holds it as JSON.
    static func stored(_ id: ArtifactID) -> JSONValue { .object([storedKey: .string(id.rawValue)]) }

    /// The artifact that holds the output, where it did not travel inline.
    var storedOutput: ArtifactID? {
        guard case .object(let members) = self, members.count == 1, let text = members[Self.storedKey]?.stringValue
        else { return nil }
        return ArtifactID(text)
    }
}
