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
    /// The label found in the output; nil where there is none, which counts as wrong.
    public var parsed: String?
    public var gold: String
    public var correct: Bool
    /// Whether shots were dropped or the passage was cut to fit the context.
    public var truncated: Bool
    /// Worked examples that were left.
    public var shots: Int
    /// Whether the head of the passage was cut.
    public var contextCut: Bool
    /// Whether the prompt does not fit even when cut; it was not asked then.
    public var unfit: Bool
}
