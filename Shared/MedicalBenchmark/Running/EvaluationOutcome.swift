// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A finished evaluation.
public struct EvaluationOutcome: Sendable, Hashable {
    public let result: EvaluationResult
    /// A row an item, in the items' order.
    public let rows: [EvaluationRow]
}
