// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Adds up scored passages of one domain until its perplexity is asked for.
public struct PerplexitySums: Codable, Sendable, Hashable {
    /// Negative log-likelihood in nats.
    public private(set) var nats = 0.0
    public private(set) var tokens = 0
    /// UTF-8 bytes of the text that was predicted.
    public private(set) var bytes = 0

    public init() {}

    public mutating func add(logLikelihood: Double, tokens: Int, bytes: Int) {
        nats -= logLikelihood
        self.tokens += tokens
        self.bytes += bytes
    }

    public func perplexity() throws(BenchmarkError) -> DomainPerplexity {
        try DomainPerplexity(negativeLogLikelihood: nats, tokens: tokens, bytes: bytes)
    }
}
