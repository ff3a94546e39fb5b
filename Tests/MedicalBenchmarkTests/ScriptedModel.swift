// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Synchronization

/// A model whose answers a test writes; a token is a word, and every text begins with one more.
final class ScriptedModel: LanguageModel {
    let contextLength: Int
    private let writes: @Sendable (PromptRequest) throws -> String
    private let scores: @Sendable (ContinuationRequest) -> Double
    private let state = Mutex(State())

    struct State {
        var prompts: [String] = []
        var requests: [PromptRequest] = []
        var countCalls = 0
        var calls: [String] = []
    }

    init(
        contextLength: Int = 10_000,
        writes: @escaping @Sendable (PromptRequest) throws -> String = { _ in "" },
        scores: @escaping @Sendable (ContinuationRequest) -> Double = { _ in 0 }
    ) {
        self.contextLength = contextLength
        self.writes = writes
        self.scores = scores
    }

    var seen: State { state.withLock { $0 } }

    static func tokens(_ text: String) -> Int { 1 + text.split(whereSeparator: \.isWhitespace).count }

    func countTokens(in texts: [String], call: String) async throws -> [Int] {
        state.withLock {
            $0.countCalls += 1
            $0.calls.append(call)
        }
        return texts.map(Self.tokens)
    }

    func generate(_ requests: [PromptRequest], call: String) async throws -> [PromptAnswer] {
        state.withLock {
            $0.requests += requests
            $0.prompts += requests.map(\.prompt)
            $0.calls.append(call)
        }
        return try requests.map { PromptAnswer(text: try writes($0)) }
    }

    func logLikelihood(_ requests: [ContinuationRequest], call: String) async throws -> [ContinuationScore] {
        state.withLock {
            $0.prompts += requests.map(\.context)
            $0.calls.append(call)
        }
        return requests.map {
            // A token a letter, the space and the first two left out: " maybe" has three, " yes" and " no" one.
            ContinuationScore(
                logLikelihood: scores($0), tokenCount: max(1, $0.continuation.utf8.count - 3), isGreedy: false)
        }
    }
}
