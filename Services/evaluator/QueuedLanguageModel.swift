// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import MedicalBenchmark
import Messages
import ServiceRuntime

/// The benchmark's view of a model that lives elsewhere: each question is a job of its own, asked of `inference`.
///
/// The children's names come from the questions, so an evaluation that is started again finds those already answered.
struct QueuedLanguageModel: LanguageModel {
    let subject: ModelUnderTest
    let context: JobContext
    /// Whether what is asked is of a restricted data set: then each question says so, and no remote model gets it.
    let isRestricted: Bool
    var contextLength: Int { subject.contextLength }
    var mayReadRestrictedData: Bool { !subject.isRemote }

    func countTokens(in texts: [String], call: String) async throws -> [Int] {
        guard let tokenizer = subject.tokenizer else {
            throw JobFailure.badInput(
                "payload.model: a configuration without \"tokenizer\" can't be asked in text; name the tokenizer")
        }
        // With the beginning-of-sequence id, which most tokenizers add: a count must not be too small.
        let answer = try await context.ask(
            .tokenizeText, [TokenizeText(tokenizer: tokenizer, texts: texts, addBOS: true)], key: key(call))
        return answer.flatMap { $0.ids.map(\.count) }
    }

    func generate(_ requests: [PromptRequest], call: String) async throws -> [PromptAnswer] {
        let payload = GenerateText(
            model: subject.model, adapter: subject.adapter,
            requests: requests.map {
                GenerationRequest(
                    prompt: $0.prompt, maxTokens: $0.maxTokens, stop: $0.stop.isEmpty ? nil : $0.stop,
                    choices: $0.choices)
            },
            restricted: isRestricted ? true : nil)
        let answers = try await context.ask(.inferGenerate, [payload], key: key(call))
        return answers.flatMap { $0.results.map { PromptAnswer(text: $0.text) } }
    }

    func logLikelihood(_ requests: [ContinuationRequest], call: String) async throws -> [ContinuationScore] {
        let payload = ScoreText(
            model: subject.model, adapter: subject.adapter,
            requests: requests.map { ScoreText.Request(context: $0.context, continuation: $0.continuation) },
            restricted: isRestricted ? true : nil)
        let answers = try await context.ask(.inferScore, [payload], key: key(call))
        return answers.flatMap { answer in
            answer.results.map {
                ContinuationScore(
                    logLikelihood: $0.logLikelihood, tokenCount: $0.tokenCount, isGreedy: $0.isGreedy)
            }
        }
    }

    private func key(_ call: String) -> String { subject.prefix + JobContext.key(call) }
}
