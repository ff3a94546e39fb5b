// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A language model of one's own as a benchmark sees it: text in, text out, no tokenizer and no tensors. It may be given any
/// data set; a third party's is a `RemoteLanguageModel`.
///
/// Each call carries a name that is the same whenever the same questions are asked in the same evaluation, and differs
/// for different questions: an adapter that asks over a queue can name its jobs by it and find finished ones again.
public protocol LanguageModel: Sendable {
    /// Tokens that prompt and answer may have together.
    var contextLength: Int { get }

    /// Whether `countTokens` only estimates. Default false.
    var estimatesLengths: Bool { get }

    /// The tokens of each text as the model would read it as a prompt, beginning-of-sequence included.
    func countTokens(in texts: [String], call: String) async throws -> [Int]

    /// An answer to each request, in their order, decoded greedily.
    func generate(_ requests: [PromptRequest], call: String) async throws -> [PromptAnswer]

    /// How likely each continuation is after its context, in their order.
    func logLikelihood(_ requests: [ContinuationRequest], call: String) async throws -> [ContinuationScore]
}

extension LanguageModel {
    public var estimatesLengths: Bool { false }
}
