// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a run ended.
public enum TrainingOutcome: Sendable, Hashable, Codable {
    case completed(TrainingResult)
    /// It was asked to stop after `step` steps; a checkpoint of that step is on disk where a folder was given.
    case interrupted(step: Int)
}

/// What a finished run achieved; an earlier part that it continued is included.
public struct TrainingResult: Sendable, Hashable, Codable {
    public let steps: Int
    /// Tokens learned from, padding not counted.
    public let tokens: Int
    public let tokensPerSecond: Double
    /// The loss of every step, in order.
    public let losses: [Double]
    /// The held-out perplexity after the last step, where held-out rows were given.
    public let heldOut: HeldOutResult?
}
