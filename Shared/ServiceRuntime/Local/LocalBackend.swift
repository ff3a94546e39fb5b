// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Glibc
import Jobs
import Logging
import Messages

/// A job's surroundings under `SERVICE run`: no queue, paths relative to the job's file, questions to other services
/// asked of a sibling process.
struct LocalBackend: JobBackend {
    let store: any ArtifactStore
    /// The folder of the job's file, absolute.
    let base: String
    /// Asks jobs of kinds that this process serves itself, by the very same handlers.
    let own: [any JobHandler]
    let siblings: SiblingProcesses
    var keepsManifests: Bool { false }

    func locate(_ path: String) throws -> String { DataRoots.resolved(DataRoots.absolute(path, from: base)) }

    func deliver(
        _ path: String, to output: String, inside name: String?, for job: JobEnvelope
    ) async throws -> String {
        let target = try locate(name.map { "\(output)/\($0)" } ?? output)
        try await OwnThread.run { try FileSystem.deliver(path, to: target) }
        return target
    }

    func publish(_ path: String, move: Bool, name: String, for job: JobEnvelope) async throws -> ArtifactID {
        try await store.publish(contentsOf: path, transfer: move ? .move : .copy)
    }

    func ask(
        _ messages: [JobMessage], key: String, for job: JobEnvelope, control: JobControl,
        onFinish: @escaping @Sendable (Int) -> Void
    ) async throws -> [JobResult] {
        var results: [JobResult] = []
        for (index, message) in messages.enumerated() {
            if let reason = control.stopReason { throw JobInterruption(reason) }
            let id = "\(job.id).\(key)-\(index)"
            let result: JobResult
            if let handler = own.first(where: { $0.kinds.contains(message.kind) }) {
                result = await answer(message, id: JobID(id), with: handler, control: control)
            } else {
                result = try await siblings.ask(message, from: base, control: control)
            }
            if let reason = control.stopReason { throw JobInterruption(reason) }
            guard result.status == .succeeded, result.output != nil else {
                throw JobFailure.child(id, message.kind, state: result.status.rawValue, error: result.error)
            }
            results.append(result)
            onFinish(results.count)
        }
        return results
    }

    private func answer(
        _ message: JobMessage, id: JobID, with handler: any JobHandler, control: JobControl
    ) async -> JobResult {
        let set = HandlerSet([handler], backend: self, logger: Logger(label: "mellama.run"))
        return JobResult(await set.handle(JobEnvelope(id: id, fence: Fence(1), message: message), control: control))
    }

    /// The result has it all, and here nobody reads along.
    func publish(_ part: GenerationPart, of job: JobEnvelope, control: JobControl) {}

    func run(_ id: RunID) async throws -> RunSnapshot? { nil }
}

extension JobResult {
    /// The result that tells how an attempt ended, where no queue tries again.
    init(_ outcome: JobOutcome) {
        switch outcome {
        case .completed(let result): self = result
        case .failed(let failure): self.init(status: .failed, error: failure)
        case .interrupted, .cancelled:
            self.init(
                status: .cancelled,
                error: JobFailure(.cancelled, title: "The job was stopped", detail: "it was stopped before its end"))
        }
    }
}
