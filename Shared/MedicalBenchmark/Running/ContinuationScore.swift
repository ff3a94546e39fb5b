// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How likely a model finds a continuation.
public struct ContinuationScore: Sendable, Hashable {
    /// Summed over the continuation's tokens, in nats.
    public var logLikelihood: Double
    public var tokenCount: Int
    /// Whether greedy decoding would write it.
    public var isGreedy: Bool
    /// Its share of what the scores of its call took; nil of one's own models.
    public var usage: ModelUsage?

    public init(logLikelihood: Double, tokenCount: Int, isGreedy: Bool, usage: ModelUsage? = nil) {
        self.logLikelihood = logLikelihood
        self.tokenCount = tokenCount
        self.isGreedy = isGreedy
        self.usage = usage
    }
}
