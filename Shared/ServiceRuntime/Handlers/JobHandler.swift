// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

/// Does the work of one payload type, for one kind or more.
///
/// The same handler serves the queue and `SERVICE run`. It throws `JobFailure` for ends it knows and lets
/// `JobInterruption` pass; anything else it throws ends the attempt as an internal error that may be retried, of which
/// only the error's type is told, as its text may quote a document.
public protocol JobHandler<Payload>: Sendable {
    associatedtype Payload: JobPayload
    /// The kinds it serves, such as `train.tune`.
    var kinds: [JobKind] { get }
    /// The models that it holds in memory now, as payloads name them: jobs that ask for them are claimed before others. Nil
    /// where it keeps none from one job to the next.
    var loadedModels: [ModelReference]? { get }
    /// Long computation belongs in `context.compute`, never on the cooperative pool. It may be called again for the
    /// same job after a crash, with the same `context.workspace`.
    func handle(_ payload: Payload, context: JobContext) async throws -> Payload.Output
}

extension JobHandler {
    public var loadedModels: [ModelReference]? { nil }
}
