// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Precision, recall and their harmonic mean, as fractions; a quotient without a denominator is 0.
public struct PrecisionRecall: Codable, Sendable, Hashable {
    public let precision: Double
    public let recall: Double
    public let f1: Double

    public init(precision: Double, recall: Double) {
        self.precision = precision
        self.recall = recall
        f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
    }

    /// Of `right` right ones among `given`, where `expected` were to be found.
    init(right: Int, given: Int, expected: Int) {
        self.init(
            precision: given > 0 ? Double(right) / Double(given) : 0,
            recall: expected > 0 ? Double(right) / Double(expected) : 0)
    }

    static let zero = PrecisionRecall(precision: 0, recall: 0)
}
