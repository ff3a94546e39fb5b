// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Negative log-likelihoods added up, with the number of targets they belong to: divide only once everything that
/// shares a mean has been added.
public struct LossSum: Sendable, Equatable {
    /// The part of one row of a batch.
    public struct Row: Sendable, Equatable {
        /// The sum over the row's targets, in nats.
        public var negativeLogLikelihood: Double
        /// The targets of the row.
        public var targetCount: Int
    }

    /// The sums of every row, in batch order.
    public var rows: [Row]

    /// Sums of these rows; nothing by default.
    public init(rows: [Row] = []) { self.rows = rows }

    /// The sum over all targets, in nats.
    public var negativeLogLikelihood: Double { rows.reduce(0) { $0 + $1.negativeLogLikelihood } }

    /// All targets.
    public var targetCount: Int { rows.reduce(0) { $0 + $1.targetCount } }

    /// Nats a target: the loss of the batch. Not a number without targets.
    public var mean: Double { negativeLogLikelihood / Double(targetCount) }

    /// Appends the rows of another batch.
    public mutating func add(_ other: LossSum) { rows += other.rows }
}
