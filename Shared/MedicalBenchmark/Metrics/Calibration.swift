// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Whether a model that scores its answers knows when it is right: how sure it is against how often it is right.
///
/// Its confidence in an answer is the share that its log-likelihood has among those of the item's answers (softmax).
public struct Calibration: Codable, Sendable, Hashable {
    /// Items of like confidence.
    public struct Bin: Codable, Sendable, Hashable {
        public let low: Double
        public let high: Double
        public let items: Int
        /// Means over the bin's items; 0 without any.
        public let confidence: Double
        public let accuracy: Double
    }

    /// Ten of equal width (Guo et al., 2017).
    public let bins: [Bin]
    /// Expected calibration error: the bins' differences of accuracy and confidence, weighted by their items.
    public let expectedError: Double

    /// From the summed log-likelihoods of each item's labels, and whether the likeliest is right.
    init?(_ items: [(scores: [Double], isRight: Bool)]) {
        guard !items.isEmpty else { return nil }
        var sums = [(items: Int, confidence: Double, right: Int)](repeating: (0, 0, 0), count: 10)
        for item in items {
            let best = item.scores.max() ?? 0
            let share = 1 / item.scores.reduce(0) { $0 + exp($1 - best) }
            let bin = min(9, Int(share * 10))
            sums[bin] = (sums[bin].items + 1, sums[bin].confidence + share, sums[bin].right + (item.isRight ? 1 : 0))
        }
        bins = sums.enumerated().map { index, sum in
            let count = Double(max(1, sum.items))
            return Bin(
                low: Double(index) / 10, high: Double(index + 1) / 10, items: sum.items,
                confidence: sum.confidence / count, accuracy: Double(sum.right) / count)
        }
        expectedError =
            bins.reduce(0) { $0 + Double($1.items) * abs($1.accuracy - $1.confidence) } / Double(items.count)
    }
}
