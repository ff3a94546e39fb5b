// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How well a model predicts held-out text of one domain.
public struct DomainPerplexity: Codable, Sendable, Hashable {
    /// exp of the mean negative log-likelihood a token. Depends on the tokenizer.
    public let perplexity: Double
    /// Negative log-likelihood in bits over the UTF-8 bytes of the text: comparable between tokenizers.
    public let bitsPerByte: Double
    /// Tokens predicted.
    public let tokens: Int

    /// From the summed negative log-likelihood in nats of `tokens` predicted tokens of `bytes` bytes of text.
    public init(negativeLogLikelihood nats: Double, tokens: Int, bytes: Int) throws(BenchmarkError) {
        guard tokens > 0, bytes > 0 else {
            throw BenchmarkError(
                .invalidSetting, "perplexity", "of \(tokens) tokens and \(bytes) bytes is undefined",
                remedy: "give held-out text that is not empty")
        }
        let perplexity = exp(nats / Double(tokens))
        guard perplexity.isFinite else {
            throw BenchmarkError(
                .unusableAnswer, "perplexity", "is not finite: the model's log-likelihoods are not",
                remedy: "check that its training did not diverge")
        }
        self.perplexity = perplexity
        bitsPerByte = nats / log(2) / Double(bytes)
        self.tokens = tokens
    }
}
