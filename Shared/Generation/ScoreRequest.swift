// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A continuation to score and what comes before it; an empty context stands for the begin-of-sequence id.
public struct ScoreRequest: Sendable, Hashable {
    public let contextIDs: [Int32]
    public let continuationIDs: [Int32]

    public init(contextIDs: [Int32], continuationIDs: [Int32]) {
        self.contextIDs = contextIDs
        self.continuationIDs = continuationIDs
    }
}

/// How likely a continuation is.
public struct SequenceScore: Sendable, Hashable {
    /// The log-probability of each token given all before it, in nats.
    public internal(set) var logprobs: [Double] = []
    /// Whether greedy decoding would write exactly this continuation.
    public internal(set) var isGreedy = true

    /// The sum over all tokens.
    public var logLikelihood: Double { logprobs.reduce(0, +) }
    public var tokenCount: Int { logprobs.count }
}
