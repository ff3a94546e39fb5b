// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Messages

extension JobContext {
    /// Asks for other jobs and awaits their answers, in the order of the payloads.
    ///
    /// The children's ids are `<job>.<key>-<n>`: a restarted parent finds those that finished. Several are in flight
    /// at once. Cancelling this job cancels them; a child's death is this job's error, `child-failed`.
    /// - Parameters:
    ///   - key: what is asked, different for each call in one job: letters, digits, `_`.
    ///   - progress: hears how many children are done, from any thread.
    public func ask<Payload: JobPayload>(
        _ kind: JobKind, _ payloads: [Payload], key: String,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> [Payload.Output] {
        try await answers(to: kind, payloads, key: key, progress: progress).map(\.output)
    }

    /// The same, with what the children's results tell of their work.
    public func answers<Payload: JobPayload>(
        to kind: JobKind, _ payloads: [Payload], key: String,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> [ChildAnswer<Payload.Output>] {
        try checkStop()
        let messages = try payloads.map { try JobMessage(kind, $0) }
        let results = try await backend.ask(
            messages, key: key, for: envelope, control: control, onFinish: progress)
        return try await compute {
            try results.map { result in
                do {
                    let output = try MessageDecoder(policy: .lenient).decode(
                        Payload.Output.self, from: result.output ?? .null)
                    return ChildAnswer(output: output, metrics: result.metrics)
                } catch {
                    throw JobFailure(
                        .childFailed, title: "A job that this one asked for answered in another form",
                        detail: "\(kind): \(error); run services of one version")
                }
            }
        }
    }
}

extension JobFailure {
    /// A child's end as its parent's error.
    static func child(_ id: String, _ kind: JobKind, state: String, error: JobFailure?) -> JobFailure {
        JobFailure(
            .childFailed, title: "A job that this one asked for did not succeed",
            detail: "\(kind) \(id) ended \(state): \(error?.description ?? "no error was told")")
    }
}
