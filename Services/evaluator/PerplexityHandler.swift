// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import MedicalBenchmark
import Messages
import ServiceRuntime

/// Serves `evaluate.perplexity`: held-out sequences, scored by `inference`, added up by domain.
struct PerplexityHandler: JobHandler {
    /// Tokens of one question: large enough to be computed well, small enough to be repeated cheaply.
    private static let tokensPerQuestion = 8_192

    let kinds: [JobKind] = [.evaluatePerplexity]

    private struct Question: Sendable {
        var requests: [ScoreText.Request] = []
        var tokens = 0
        var bytes = 0
    }

    func handle(_ payload: EvaluatePerplexity, context: JobContext) async throws -> EvaluatePerplexity.Output {
        let subject = try ModelUnderTest(payload.model, adapter: payload.adapter, context)
        var questions: [(domain: String, questions: [Question])] = []
        for (domain, reference) in payload.data.sorted(by: { $0.key < $1.key }) {
            let path = try context.resolve(reference)
            let asked = try await context.compute {
                try EvaluationFailure.describing {
                    try Self.questions(TokenDataset(folder: path), contextLength: subject.contextLength)
                }
            }
            questions.append((domain, asked))
        }
        let total = questions.reduce(0) { $0 + $1.questions.count }
        var done = 0
        var perplexity: [String: EvaluatePerplexity.DomainPerplexity] = [:]
        for (domain, asked) in questions {
            let before = done
            let answers = try await context.ask(
                .inferScore,
                asked.map { ScoreText(model: subject.model, adapter: subject.adapter, requests: $0.requests) },
                key: domain
            ) { context.report(JobProgress(phase: "scoring", step: before + $0, total: total)) }
            done += asked.count
            var sums = PerplexitySums()
            for (question, answer) in zip(asked, answers) {
                let sum = answer.results.reduce(0) { $0 + $1.logLikelihood }
                sums.add(
                    logLikelihood: sum, tokens: answer.results.reduce(0) { $0 + $1.tokenCount }, bytes: question.bytes)
            }
            let value = try EvaluationFailure.describing { try sums.perplexity() }
            perplexity[domain] = EvaluatePerplexity.DomainPerplexity(
                perplexity: value.perplexity, bitsPerByte: value.bitsPerByte, tokens: value.tokens)
        }
        return try EvaluatePerplexity.Output(subject: subject.name(), perplexity: perplexity)
    }

    /// The rows as questions: the first token of each row is its context, the rest is predicted.
    private static func questions(_ rows: TokenDataset, contextLength: Int) throws -> [Question] {
        guard rows.sequenceLength <= contextLength else {
            throw JobFailure.badInput(
                "payload.data: rows of up to \(rows.sequenceLength) tokens, the model reads \(contextLength); "
                    + "tokenize the held-out text with a sequenceLength of at most \(contextLength)")
        }
        var questions: [Question] = []
        var open = Question()
        for index in 0..<rows.count {
            let row = try rows.sequence(index)
            guard row.ids.count > 1 else { continue }
            if open.tokens + row.ids.count > tokensPerQuestion, !open.requests.isEmpty {
                questions.append(open)
                open = Question()
            }
            open.requests.append(
                ScoreText.Request(contextIDs: [row.ids[0]], continuationIDs: Array(row.ids.dropFirst())))
            open.tokens += row.ids.count
            open.bytes += row.textBytes
        }
        if !open.requests.isEmpty { questions.append(open) }
        guard !questions.isEmpty else {
            throw JobFailure.badInput("payload.data: no row has two tokens or more, so nothing is predicted")
        }
        return questions
    }
}
