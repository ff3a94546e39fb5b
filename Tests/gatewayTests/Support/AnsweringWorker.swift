// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages

/// Claims one job of a broker after another and plays what a worker does with it.
struct AnsweringWorker: Sendable {
    let broker: any JobBroker

    /// The next `infer.*` job; waits for it.
    func claim() async throws -> JobEnvelope {
        let kinds: [JobKind] = [.inferGenerate]
        while true {
            let claimed = try await broker.claim(
                kinds: kinds, worker: WorkerID("w"), limit: 1, lease: .seconds(60))
            if let job = claimed.jobs.first { return job }
            try await broker.waitForWork(kinds: kinds, timeout: .seconds(1))
        }
    }

    /// Publishes a part of one answer, a token of ids from `position` on for each text.
    @discardableResult
    func publish(
        _ texts: [String], of job: JobEnvelope, index: Int = 0, at position: Int
    ) async throws -> [HeartbeatReply] {
        let parts = texts.enumerated().map { offset, text in
            JobPart(
                job: job.id, fence: job.fence,
                part: GenerationPart(
                    index: index, position: position + offset, text: text, ids: [Int32(position + offset)],
                    logprobs: [-0.5], tokens: [text], topLogprobs: [[TokenLogprob(id: 1, text: text, logprob: -0.5)]]))
        }
        return try await broker.publish(parts)
    }

    /// An answer of such tokens.
    static func result(_ texts: [String], promptTokens: Int = 3) -> GenerationResult {
        GenerationResult(
            text: texts.joined(), ids: texts.indices.map(Int32.init), finishReason: .endOfSequence,
            logprobs: texts.map { _ in -0.5 }, tokens: texts,
            topLogprobs: texts.map { [TokenLogprob(id: 1, text: $0, logprob: -0.5)] }, promptTokens: promptTokens)
    }

    func complete(_ job: JobEnvelope, _ results: [GenerationResult]) async throws {
        let output = try MessageEncoder.value(GenerateText.Output(results: results))
        try await broker.complete(job.id, fence: job.fence, result: JobResult(status: .succeeded, output: output))
    }

    func fail(_ job: JobEnvelope, _ failure: JobFailure) async throws {
        try await broker.fail(job.id, fence: job.fence, failure: failure, retryAfter: .zero)
    }

    /// What the job asks.
    static func payload(_ job: JobEnvelope) throws -> GenerateText { try job.message.decode(GenerateText.self) }
}
