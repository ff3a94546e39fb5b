// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A language model as a benchmark sees it: text in, text out, no tokenizer and no tensors.
///
/// Each call carries a name that is the same whenever the same questions are asked in the same evaluation, and differs
/// for different questions: an adapter that asks over a queue can name its jobs by it and find finished ones again.
public protocol LanguageModel: Sendable {
    /// Tokens that prompt and answer may have together.
    var contextLength: Int { get }

    /// Whether texts of restricted data sets may be put to it: never to a third party's.
    var mayReadRestrictedData: Bool { get }

    /// The tokens of each text as the model would read it as a prompt, beginning-of-sequence included.
    func countTokens(in texts: [String], call: String) async throws -> [Int]

    /// An answer to each request, in their order, decoded greedily.
    func generate(_ requests: [PromptRequest], call: String) async throws -> [PromptAnswer]

    /// How likely each continuation is after its context, in their order.
    func logLikelihood(_ requests: [ContinuationRequest], call: String) async throws -> [ContinuationScore]
}
