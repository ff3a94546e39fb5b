// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One item as it was asked, answered and scored; a line of the rows artifact.
///
/// Rows hold what the model wrote: they are an artifact and never logged.
public struct EvaluationRow: Codable, Sendable, Hashable {
    public var id: String
    /// Digest of model, prompt, shots, decoding and data: a row is reused only where all of that is the same.
    public var key: String
    /// SHA-256 of the prompt as asked.
    public var promptSHA256: String
    /// What the model wrote; the chosen label in mode `loglikelihood`; empty where it was not asked.
    public var output: String
    /// Log-likelihood in nats of each label, in mode `loglikelihood`.
    public var scores: [String: Double]?
    /// Tokens of each label, in mode `loglikelihood`.
    public var tokenCounts: [String: Int]?
    /// What was found in the output; nil where nothing was, which counts as wrong.
    public var parsed: String?
    public var gold: String
    /// Nil where answers are more or less good.
    public var correct: Bool?
    /// What the answer is worth, from 0 to 1.
    public var score: Double
    /// Whether shots were dropped or the passage was cut to fit the context.
    public var truncated: Bool
    /// Worked examples that were left.
    public var shots: Int
    /// Whether the head of the passage was cut.
    public var contextCut: Bool
    /// Whether the prompt does not fit even when cut; it was not asked then.
    public var unfit: Bool
    /// Whether there is no saved prediction.
    public var missing: Bool?
    /// Of a summary, where an encoder was named.
    public var similarity: RowSimilarity?

    /// Whether there is an output to read.
    var isAnswered: Bool { !unfit && missing != true }

    mutating func set(_ judgement: Judgement, gold: String) {
        parsed = judgement.parsed
        correct = judgement.isCorrect
        score = judgement.score
        self.gold = gold
    }

    /// The label of the largest log-likelihood a token, the first of equals.
    func likeliestPerToken(of labels: [String]) -> String? {
        guard let scores, let tokenCounts else { return nil }
        let means = labels.map { label in (scores[label] ?? -.infinity) / Double(max(1, tokenCounts[label] ?? 1)) }
        return means.max().flatMap { best in means.firstIndex(of: best) }.map { labels[$0] }
    }

    /// How much likelier the right label is than the likeliest; 0 where nothing was scored.
    var goldMargin: Double {
        guard let scores, let best = scores.values.max(), let own = scores[gold] else { return 0 }
        return own - best
    }
}
