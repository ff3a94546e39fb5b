// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import Messages

/// Waits for the answers of one job: its parts where they are asked for, and its result.
///
/// While the broker is away it keeps asking; the deadline bounds it all.
struct AnswerReader: Sendable {
    let broker: any JobBroker
    let job: JobID
    let deadline: ContinuousClock.Instant
    let wait: Duration
    let shutdown: ShutdownFlag
    let logger: Logger

    private static let parts = 512

    /// Returns the job's output. `onParts` hears of parts as they come, and `onSilence` of every wait without any.
    func read<Output: Decodable & Sendable>(
        _ type: Output.Type, onParts: ([PublishedPart]) async throws -> Void = { _ in },
        onSilence: () async throws -> Void = {}
    ) async throws -> Output {
        var cursor: String?
        while true {
            try Task.checkCancellation()
            guard !shutdown.isSet else {
                throw OpenAIError(
                    Problem(
                        "stopping", "The gateway stops", status: .serviceUnavailable,
                        detail: "the gateway is being stopped; ask again", headers: [.retryAfter: "2"]))
            }
            guard ContinuousClock.now < deadline else { throw OpenAIError(.expired, nil) }
            do {
                let page = try await broker.parts(of: job, after: cursor, limit: Self.parts, wait: wait)
                if let next = page.next {
                    cursor = next
                    try await onParts(page.parts)
                } else if page.state?.isTerminal ?? true {
                    return try await output(type)
                } else {
                    try await onSilence()
                }
            } catch let error as JobError where error.code == .unavailable {
                logger.warning("an answer waits for the queue", metadata: ["operation": "\(error.operation)"])
                try await Task.sleep(for: wait)
                try await onSilence()
            }
        }
    }

    private func output<Output: Decodable>(_ type: Output.Type) async throws -> Output {
        guard let job = try await broker.job(job) else {
            throw OpenAIError(.failed, JobFailure(.internalError, title: "", detail: "the queue forgot the request"))
        }
        guard job.state == .succeeded, let output = job.result?.output else { throw OpenAIError(job.state, job.error) }
        return try MessageDecoder(policy: .lenient).decode(type, from: output)
    }
}
