// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What one output is worth.
struct Judgement: Sendable {
    /// What a metric needs of the item.
    enum Detail: Sendable {
        case choice
        case labelSet(given: [Bool], expected: [Bool])
        /// By type, in the order of the task's types.
        case entities([EntityCounts.Count])
        case values([String: Double])
    }

    /// What was read in the output; nil where nothing could be.
    var parsed: String?
    /// Nil where an answer is more or less good.
    var isCorrect: Bool?
    /// From 0 to 1: what the items with the worst answers are found by.
    var score: Double
    var detail: Detail
}
