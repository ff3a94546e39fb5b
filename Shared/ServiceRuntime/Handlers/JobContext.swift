// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc
public import Jobs
public import Logging
public import Messages
import Synchronization

/// Everything a handler may do besides computing: find its data, report, publish, ask for other jobs, hear a stop.
public struct JobContext: Sendable {
    let envelope: JobEnvelope
    let control: JobControl
    let backend: any JobBackend
    let record: AttemptRecord
    /// Tells the job's id and kind with every line. Never log a document or a prompt.
    public let logger: Logger

    init(envelope: JobEnvelope, control: JobControl, backend: any JobBackend, logger: Logger) {
        self.envelope = envelope
        self.control = control
        self.backend = backend
        self.logger = logger
        record = AttemptRecord()
    }

    public var id: JobID { envelope.id }
    public var fence: Fence { envelope.fence }
    public var kind: JobKind { envelope.message.kind }
    /// Whose job it is: work of different tenants shares a worker fairly.
    public var tenant: String { envelope.tenant }
    /// When its result is of no use any more, in ms since 1970.
    public var deadline: Int64? { envelope.deadline }
    /// 1 for the first.
    public var attempt: Int { envelope.attempt }
    /// Where the payload wants the output instead of the artifact store.
    public var output: String? { envelope.message.output }

    // MARK: Progress and stopping

    /// Tells how far the job is. Cheap: call it at every step.
    public func report(_ progress: JobProgress) { control.report(progress) }

    /// Shows a part of the answer to whoever reads along, where the payload asks for that. Cheap, and from any thread; the
    /// result must hold all parts, as some may not arrive.
    public func publish(part: GenerationPart) { backend.publish(part, of: envelope, control: control) }

    /// A figure of the work itself for the result's `metrics`, such as `tokensPerSecond`.
    /// With `adds` it is added to what was noted before.
    public func note(_ metric: String, _ value: Double, adds: Bool = false) {
        record.note(metric, value, adds: adds)
    }

    /// Why to stop, or nil to go on. Cheap: poll it in inner loops.
    public var stopReason: JobControl.StopReason? { control.stopReason }

    /// Throws `JobInterruption` when the attempt must end.
    public func checkStop() throws {
        if let reason = control.stopReason { throw JobInterruption(reason) }
    }

    // MARK: Data

    /// The path of a file or folder that the payload names. Throws `forbidden-path` or `not-found`.
    public func resolve(_ reference: DataReference) throws -> String {
        switch reference {
        case .artifact(let id):
            return try backend.store.path(of: id)
        case .path(let path):
            let located = try backend.locate(path)
            guard FileSystem.exists(located) else { throw Self.missing(path) }
            return located
        case .stage(let reference):
            throw JobFailure.badInput("\(reference) names a stage, and this job has none to take it from")
        }
    }

    /// The paths that a reference with `*` stands for, sorted; one path for any other. A `*` stands for any letters
    /// but `/`. Throws `not-found` where nothing matches.
    public func resolveAll(_ reference: DataReference) throws -> [String] {
        guard case .path(let path) = reference, path.contains("*") else { return [try resolve(reference)] }
        let matches = try PathPattern(backend.locate(path)).matches()
        // A link in the pattern's folder may lead elsewhere: what it stands for is judged again.
        let allowed = try matches.map { try backend.locate($0) }
        guard !allowed.isEmpty else { throw Self.missing(path) }
        return allowed
    }

    private static func missing(_ path: String) -> JobFailure {
        JobFailure(
            .notFound, title: "A file that is not there",
            detail: "\"\(path.prefix(200))\" does not exist where this service runs; check the name, or upload the file"
        )
    }

    /// A folder of the job's own, kept between its attempts, for checkpoints and what is to be published. It goes when
    /// the job succeeds or ends for good.
    public var workspace: String {
        get throws { try backend.store.workspace(of: id) }
    }

    /// Publishes a file or folder that the job made, and answers how later jobs name it.
    ///
    /// It goes to the artifact store, or to `payload.output` where that is given. What lies in the workspace is moved
    /// where that is cheaper, so do not use it afterwards; anything else is copied.
    /// - Parameters:
    ///   - name: what it is, such as `model` or `rows.jsonl`.
    ///   - insideOutput: whether it is one of several things: then it becomes `<output>/<name>`, not `<output>`.
    public func publish(_ path: String, name: String, insideOutput: Bool = false) async throws -> DataReference {
        if let output {
            let place = try await backend.deliver(path, to: output, inside: insideOutput ? name : nil, for: envelope)
            return .path(place)
        }
        return try await publishInStore(path, name: name)
    }

    /// Publishes in the artifact store whatever the payload's `output` says: for what is told of before the job ends.
    public func publishInStore(_ path: String, name: String) async throws -> DataReference {
        let move = DataRoots.isInside(path, try workspace)
        let artifact = try await backend.publish(path, move: move, name: name, for: envelope)
        record.published(artifact)
        return .artifact(artifact)
    }

    /// Runs long computation on a thread of its own. It is not cut off when the task is cancelled: poll `stopReason`.
    public func compute<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await OwnThread.run(body)
    }

    /// A run and its stages' results; nil where there is none of that id.
    public func run(_ id: RunID) async throws -> RunSnapshot? { try await backend.run(id) }
}
