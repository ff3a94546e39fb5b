// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// Asks a model batches of items and makes rows of its answers.
struct ItemAsker: Sendable {
    let evaluation: Evaluation
    let model: any LanguageModel
    /// What rows of this model and setting have in common.
    let key: String

    init(evaluation: Evaluation, model: any LanguageModel, modelIdentity: String) {
        self.evaluation = evaluation
        self.model = model
        let settings = evaluation.settings
        let parts = [
            modelIdentity, evaluation.task.id, evaluation.dataset.sha256, evaluation.prompt.name,
            "\(settings.shots)", evaluation.shotsSHA256 ?? "", "\(settings.shots > 0 ? settings.seed : 0)",
            settings.mode.rawValue, "\(settings.maxTokens(for: evaluation.task.answerKind, in: model.contextLength))",
            "\(model.contextLength)",
        ]
        key = Self.digest(parts + settings.stop + [evaluation.shotsRecords].compactMap { $0 })
    }

    /// Tokens to keep free for the answer.
    func answerTokens() async throws -> Int {
        if evaluation.settings.mode == .generate {
            return evaluation.settings.maxTokens(for: evaluation.task.answerKind, in: model.contextLength)
        }
        let continuations = evaluation.dataset.labels.map(evaluation.prompt.continuation)
        let call = Self.call("answers", continuations)
        return try await model.countTokens(in: continuations, call: call).max() ?? 0
    }

    /// Rows of the items of these indices, in their order.
    func ask(_ indices: [Int], answerTokens: Int) async throws -> [EvaluationRow] {
        let fitter = PromptFitter(budget: model.contextLength - answerTokens)
        let fitted = try await fitter.fit(indices.map { evaluation.rendered[$0] }) { texts in
            try await model.countTokens(in: texts, call: Self.call("count", texts))
        }
        let items = indices.map { evaluation.dataset.items[$0] }
        let asked = fitted.indices.filter { fitted[$0].fits }
        var answers = [Answer](repeating: Answer(output: ""), count: items.count)
        if !asked.isEmpty {
            let given = try await self.answers(
                asked.map { (items[$0], fitted[$0].text) }, answerTokens: answerTokens)
            for (index, answer) in zip(asked, given) { answers[index] = answer }
        }
        return items.indices.map { index in
            let (item, prompt) = (items[index], fitted[index])
            return EvaluationRow(
                id: item.id, key: key, promptSHA256: SHA256.hexadecimal(of: prompt.text),
                output: answers[index].output, scores: answers[index].scores, tokenCounts: answers[index].tokenCounts,
                parsed: nil, gold: item.gold, correct: nil, score: 0, truncated: prompt.isTruncated,
                shots: evaluation.settings.shots - prompt.shotsDropped, contextCut: prompt.isContextCut,
                unfit: !prompt.fits)
        }
    }

    private struct Answer {
        let output: String
        var scores: [String: Double]?
        var tokenCounts: [String: Int]?
    }

    private func answers(
        _ questions: [(item: BenchmarkItem, prompt: String)], answerTokens: Int
    ) async throws -> [Answer] {
        let settings = evaluation.settings
        if settings.mode == .loglikelihood { return try await likeliest(questions) }
        let requests = questions.map { item, prompt in
            settings.mode == .generate
                ? PromptRequest(prompt: prompt, maxTokens: answerTokens, stop: settings.stop)
                : PromptRequest(
                    prompt: prompt, maxTokens: answerTokens, choices: item.labels.map(evaluation.prompt.continuation))
        }
        let call = Self.call(settings.mode.rawValue, requests.map(\.prompt))
        let given = try await model.generate(requests, call: call)
        try Self.check(given.count, for: requests.count)
        return given.map { Answer(output: $0.text) }
    }

    private func likeliest(_ questions: [(item: BenchmarkItem, prompt: String)]) async throws -> [Answer] {
        let requests = questions.flatMap { item, prompt in
            item.labels.map {
                ContinuationRequest(context: prompt, continuation: evaluation.prompt.continuation($0))
            }
        }
        let call = Self.call("loglikelihood", requests.flatMap { [$0.context, $0.continuation] })
        let scores = try await model.logLikelihood(requests, call: call)
        try Self.check(scores.count, for: requests.count)
        var position = 0
        return try questions.map { item, _ in
            let given = scores[position..<position + item.labels.count]
            let values = given.map(\.logLikelihood)
            position += item.labels.count
            guard values.allSatisfy(\.isFinite), let best = values.max(), let index = values.firstIndex(of: best) else {
                throw BenchmarkError(
                    .unusableAnswer, "log-likelihoods of item \(item.id)", "are not finite",
                    remedy: "check that the model's training did not diverge")
            }
            return Answer(
                output: item.labels[index], scores: Dictionary(uniqueKeysWithValues: zip(item.labels, values)),
                tokenCounts: Dictionary(uniqueKeysWithValues: zip(item.labels, given.map(\.tokenCount))))
        }
    }

    static func check(_ given: Int, for asked: Int) throws(BenchmarkError) {
        guard given != asked else { return }
        throw BenchmarkError(
            .unusableAnswer, "answers of the model", "\(given) for \(asked) requests",
            remedy: "the model's adapter must answer each request once, in order")
    }

    static func call(_ kind: String, _ texts: [String]) -> String { "\(kind)-\(digest(texts).prefix(16))" }

    /// A length before each part, so that no two lists run together to the same text.
    static func digest(_ parts: [String]) -> String {
        SHA256.hexadecimal(of: parts.map { "\($0.utf8.count):\($0)" }.joined())
    }
}
