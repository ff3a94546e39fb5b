// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Synchronization

/// A third party's model whose answers a test writes.
final class ScriptedRemoteModel: RemoteLanguageModel {
    let contextLength: Int
    private let writes: @Sendable (PromptRequest) -> String
    private let prompts = Mutex<[String]>([])

    init(contextLength: Int = 10_000, writes: @escaping @Sendable (PromptRequest) -> String = { _ in "" }) {
        self.contextLength = contextLength
        self.writes = writes
    }

    /// What it was given so far.
    var seen: [String] { prompts.withLock { $0 } }

    func generate(_ requests: [Shareable<PromptRequest>], call: String) async throws -> [PromptAnswer] {
        prompts.withLock { $0 += requests.map(\.request.prompt) }
        let usage = ModelUsage(requests: 3, retries: 1, promptTokens: 50, completionTokens: 4, cost: 0.5)
        return requests.map { PromptAnswer(text: writes($0.request), usage: usage.share(of: requests.count)) }
    }

    func logLikelihood(
        _ requests: [Shareable<ContinuationRequest>], call: String
    ) async throws -> [ContinuationScore] {
        prompts.withLock { $0 += requests.map(\.request.context) }
        let usage = ModelUsage(requests: 3, retries: 0, promptTokens: 50, completionTokens: 0)
        return requests.enumerated().map { index, _ in
            ContinuationScore(
                logLikelihood: -Double(index % 3), tokenCount: 1, isGreedy: false,
                usage: usage.share(of: requests.count))
        }
    }
}
