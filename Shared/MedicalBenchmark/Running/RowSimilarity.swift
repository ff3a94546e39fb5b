// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a row's output compares with its reference by an encoder: its BERTScore, kept with what it was computed from.
public struct RowSimilarity: Codable, Sendable, Hashable {
    /// Digest of encoder, layer, weights, output and reference: reused only where all of that is the same.
    public let key: String
    public let score: PrecisionRecall
}
