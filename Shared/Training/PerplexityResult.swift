// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// How well a model predicts given rows.
public struct PerplexityResult: Sendable, Hashable, Codable {
    /// The sum over all targets, in nats.
    public let negativeLogLikelihood: Double
    /// Targets that were predicted.
    public let tokens: Int
    /// UTF-8 bytes of the text behind the rows, where known.
    public let bytes: Int?

    public init(negativeLogLikelihood: Double, tokens: Int, bytes: Int?) {
        self.negativeLogLikelihood = negativeLogLikelihood
        self.tokens = tokens
        self.bytes = bytes
    }

    /// exp of the mean negative log-likelihood of a token; 1 where there is none.
    public var perplexity: Double {
        tokens > 0 ? exp(negativeLogLikelihood / Double(tokens)) : 1
    }

    /// Bits a byte of text costs; comparable between vocabularies. Nil without a byte count.
    public var bitsPerByte: Double? {
        guard let bytes, bytes > 0 else { return nil }
        return negativeLogLikelihood / (Double(bytes) * log(2))
    }
}
