// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The settings of a low-rank adapter (Hu et al. 2021): y = x·Wᵀ + scale · dropout(x)·Aᵀ·Bᵀ.
public struct LoRAConfiguration: Sendable, Equatable {
    /// Rows of A and columns of B.
    public let rank: Int
    /// The numerator of the scale.
    public let alpha: Double
    /// Share of the adapter's inputs set to zero in training.
    public let dropout: Double
    /// The projections that carry an adapter, in model order.
    public let targets: [LoRATarget]
    /// Whether the scale is alpha / √rank (Kalajdzievski 2023) instead of alpha / rank.
    public let rankStabilized: Bool

    /// Checked settings. Throws `invalidAdapter` naming the setting and its bounds.
    public init(
        rank: Int, alpha: Double, dropout: Double = 0, targets: [LoRATarget], rankStabilized: Bool = false
    ) throws(LlamaError) {
        guard rank >= 1, rank <= 4096 else {
            throw LlamaError(.invalidAdapter, "LoRA rank is \(rank), outside 1...4096")
        }
        guard alpha > 0, alpha <= 1e6 else {
            throw LlamaError(.invalidAdapter, "LoRA alpha is \(alpha), outside (0, 1e6]")
        }
        guard dropout >= 0, dropout < 1 else {
            throw LlamaError(.invalidAdapter, "LoRA dropout is \(dropout), outside 0..<1")
        }
        guard !targets.isEmpty else { throw LlamaError(.invalidAdapter, "LoRA needs at least one target module") }
        self.rank = rank
        self.alpha = alpha
        self.dropout = dropout
        self.targets = LoRATarget.allCases.filter(targets.contains)
        self.rankStabilized = rankStabilized
    }

    /// What multiplies the low-rank product.
    public var scale: Float {
        Float(rankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank))
    }
}
