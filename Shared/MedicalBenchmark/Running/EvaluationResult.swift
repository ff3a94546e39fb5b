// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What an evaluation found, with everything that decides the figures.
public struct EvaluationResult: Codable, Sendable, Hashable {
    public var task: String
    /// The task's name in the paper's tables.
    public var taskName: String
    public var kind: AnswerKind
    /// Whether the publisher gives the data to approved users only: no text of it stands here.
    public var restricted: Bool
    public var split: String?
    /// Of the data file as it is on disk.
    public var dataSHA256: String
    public var profile: ScoringProfile
    /// Name and version of the prompt; nil for saved predictions.
    public var prompt: String?
    /// Nil for saved predictions.
    public var mode: AnswerMode?
    public var shots: Int?
    /// Worked examples that an item's prompt has after cutting, on average; nil where none were asked for.
    public var shotsKept: Double?
    /// Of the file the worked examples come from.
    public var shotsSHA256: String?
    /// Nil for saved predictions.
    public var decoding: Decoding?
    public var bootstrap: Bootstrap
    /// Items scored (N).
    public var items: Int
    /// By name, as docs/benchmark.md defines them: `accuracy`, `macroF1`, `rougeL`, …
    public var metrics: [String: MetricEstimate]
    /// The share of items whose answer could be read; the others count as wrong.
    public var parseRate: Double
    /// The same outputs under the other profile.
    public var alternative: ProfileScores
    /// Items whose prompt lost shots or the head of its passage to fit the context.
    public var truncated: Int
    /// Items that do not fit the context even so; they count as wrong.
    public var unfit: Int
    /// Items without a saved prediction; they count as wrong. Nil where a model was asked.
    public var missing: Int?
    /// Nil where an answer is no single label.
    public var majority: MajorityBaseline?
    /// A line a class; nil where there are none.
    public var labelScores: [LabelScore]?
    /// In mode `loglikelihood`.
    public var calibration: Calibration?
    /// At most ten.
    public var worst: [WorstItem]
    /// What gave summaries their `bertScore`; nil where no encoder was named, and for other answers.
    public var bertScore: BERTScoreSetting?
    public var outcomes: ItemOutcomes
}
