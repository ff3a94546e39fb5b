// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// BERTScore (Zhang et al., 2020) from token vectors, as bert_score computes it without rescaling by a baseline.
///
/// Precision is the mean, over the candidate's tokens, of the largest cosine with any token of the reference; recall the
/// other way round. The first and last special token weigh nothing in these means, and may still be the match of others.
public struct BERTScore: Sendable {
    /// Weights of token ids by inverse document frequency; nil where all tokens weigh the same.
    private let weights: [Int32: Double]?
    private let unseen: Double

    /// All tokens weigh 1; what the paper's code uses.
    public init() {
        weights = nil
        unseen = 1
    }

    /// A token weighs log((N + 1) / (df + 1)), df the references among N that have it.
    public init(inverseDocumentFrequenciesOf references: [TokenVectors]) {
        var frequency: [Int32: Int] = [:]
        for reference in references { for id in Set(reference.ids) { frequency[id, default: 0] += 1 } }
        let count = Double(references.count + 1)
        weights = frequency.mapValues { log(count / Double($0 + 1)) }
        unseen = log(count)
    }

    /// A text of special tokens alone scores 0.
    public func score(_ candidate: TokenVectors, reference: TokenVectors) -> PrecisionRecall {
        let (given, expected) = (candidate.normalised, reference.normalised)
        guard given.count > 2, expected.count > 2, candidate.dimension == reference.dimension else { return .zero }
        var bestGiven = [Float](repeating: -.infinity, count: given.count)
        var bestExpected = [Float](repeating: -.infinity, count: expected.count)
        for (row, one) in given.enumerated() {
            for (column, other) in expected.enumerated() {
                var cosine: Float = 0
                for index in one.indices { cosine += one[index] * other[index] }
                bestGiven[row] = max(bestGiven[row], cosine)
                bestExpected[column] = max(bestExpected[column], cosine)
            }
        }
        return PrecisionRecall(precision: mean(bestGiven, of: candidate), recall: mean(bestExpected, of: reference))
    }

    private func mean(_ best: [Float], of text: TokenVectors) -> Double {
        let special = Set([text.ids.first, text.ids.last])
        var (sum, weight) = (0.0, 0.0)
        for (id, value) in zip(text.ids, best) where !special.contains(id) {
            let own = weights.map { $0[id] ?? unseen } ?? 1
            sum += own * Double(value)
            weight += own
        }
        return weight > 0 ? sum / weight : 0
    }
}
