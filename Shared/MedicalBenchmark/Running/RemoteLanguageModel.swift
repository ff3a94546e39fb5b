// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A third party's model as a benchmark sees it. It takes what is `Shareable` and nothing else, so no text of a restricted
/// data set can be given to it; and it has no tokenizer here, so lengths are estimated.
public protocol RemoteLanguageModel: Sendable {
    /// Tokens that prompt and answer may have together.
    var contextLength: Int { get }

    /// An answer to each request, in their order, decoded greedily. Calls are named as those of `LanguageModel`.
    func generate(_ requests: [Shareable<PromptRequest>], call: String) async throws -> [PromptAnswer]

    /// How likely each continuation is after its context, in their order.
    func logLikelihood(_ requests: [Shareable<ContinuationRequest>], call: String) async throws -> [ContinuationScore]
}

/// A remote model asked for an open task: what it is given is shareable because the task is.
struct SharingModel: LanguageModel {
    /// Where no tokenizer is known, a token is taken for so many bytes of UTF-8: English has about four, abbreviations and
    /// numbers of clinical text fewer.
    static let bytesPerToken = 3

    let model: any RemoteLanguageModel
    let task: any OpenBenchmarkTask
    var contextLength: Int { model.contextLength }
    var estimatesLengths: Bool { true }

    func countTokens(in texts: [String], call: String) async throws -> [Int] {
        texts.map { 1 + ($0.utf8.count + Self.bytesPerToken - 1) / Self.bytesPerToken }
    }

    func generate(_ requests: [PromptRequest], call: String) async throws -> [PromptAnswer] {
        try await model.generate(requests.map { Shareable($0, of: task) }, call: call)
    }

    func logLikelihood(_ requests: [ContinuationRequest], call: String) async throws -> [ContinuationScore] {
        try await model.logLikelihood(requests.map { Shareable($0, of: task) }, call: call)
    }
}

extension Evaluation {
    /// Asks a third party's model and scores its answers, as `run(on:)` does with one's own.
    ///
    /// Throws `restrictedData`, before anything is asked, where the task is not open.
    public func run(
        on model: any RemoteLanguageModel, modelIdentity: String, resuming rows: [EvaluationRow] = [],
        unfinished: [EvaluationRow] = [], summaries: SummaryScorer? = nil,
        onRow: (EvaluationRow) async throws -> Void = { _ in }
    ) async throws -> EvaluationOutcome {
        guard let open = task as? any OpenBenchmarkTask else {
            throw BenchmarkError(
                .restrictedData, "task \"\(task.id)\"",
                "is of restricted data, which a third party's model must not read",
                remedy: "ask a model of your own")
        }
        return try await run(
            on: SharingModel(model: model, task: open), modelIdentity: modelIdentity, resuming: rows,
            unfinished: unfinished, summaries: summaries, onRow: onRow)
    }
}
