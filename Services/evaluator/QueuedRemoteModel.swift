// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Messages
import ServiceRuntime

/// The benchmark's view of a third party's model: questions are jobs of `inference`, as with one's own, and what they cost
/// is counted. It is given nothing but what is `Shareable`.
struct QueuedRemoteModel: RemoteLanguageModel {
    let subject: RemoteModelUnderTest
    let context: JobContext
    var contextLength: Int { subject.contextLength }

    func generate(_ requests: [Shareable<PromptRequest>], call: String) async throws -> [PromptAnswer] {
        let payload = GenerateText(
            model: subject.model, requests: requests.map { GenerationRequest($0.request) })
        let answers = try await context.answers(to: .inferGenerate, [payload], key: key(call))
        return answers.flatMap { answer in
            let usage = usage(answer.metrics).share(of: requests.count)
            return answer.output.results.map { PromptAnswer(text: $0.text, usage: usage) }
        }
    }

    func logLikelihood(
        _ requests: [Shareable<ContinuationRequest>], call: String
    ) async throws -> [ContinuationScore] {
        let payload = ScoreText(model: subject.model, requests: requests.map { ScoreText.Request($0.request) })
        let answers = try await context.answers(to: .inferScore, [payload], key: key(call))
        return answers.flatMap { answer in
            let usage = usage(answer.metrics).share(of: requests.count)
            return answer.output.results.map { ContinuationScore($0, usage: usage) }
        }
    }

    /// What a child's answers took, added to this job's own figures too.
    private func usage(_ metrics: [String: Double]) -> ModelUsage {
        for name in ["requests", "retries", "promptTokens", "completionTokens", "cost"] {
            if let value = metrics[name] { context.note(name, value, adds: true) }
        }
        return ModelUsage(
            requests: metrics["requests"] ?? 0, retries: metrics["retries"] ?? 0,
            promptTokens: metrics["promptTokens"] ?? 0, completionTokens: metrics["completionTokens"] ?? 0,
            cost: metrics["cost"])
    }

    private func key(_ call: String) -> String { subject.prefix + JobContext.key(call) }
}

extension GenerationRequest {
    /// A benchmark's prompt as a message asks it.
    init(_ request: PromptRequest) {
        self.init(
            prompt: request.prompt, maxTokens: request.maxTokens, stop: request.stop.isEmpty ? nil : request.stop,
            choices: request.choices)
    }
}

extension ScoreText.Request {
    /// A benchmark's continuation as a message asks it.
    init(_ request: ContinuationRequest) { self.init(context: request.context, continuation: request.continuation) }
}

extension ContinuationScore {
    /// A score as a message tells it.
    init(_ score: ScoreText.Score, usage: ModelUsage? = nil) {
        self.init(
            logLikelihood: score.logLikelihood, tokenCount: score.tokenCount, isGreedy: score.isGreedy, usage: usage)
    }
}
