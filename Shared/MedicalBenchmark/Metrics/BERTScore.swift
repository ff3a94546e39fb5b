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

    /// A token weighs log((N + 1) / (df + 1)), df the references among N that have it. `references` are their token ids.
    public init(inverseDocumentFrequenciesOf references: [[Int32]]) {
        var frequency: [Int32: Int] = [:]
        for reference in references { for id in Set(reference) { frequency[id, default: 0] += 1 } }
        let count = Double(references.count + 1)
        weights = frequency.mapValues { log(count / Double($0 + 1)) }
        unseen = log(count)
    }

    /// A text of special tokens alone scores 0.
    public func score(_ candidate: TokenVectors, reference: TokenVectors) -> PrecisionRecall {
        TokenMatches(candidate, reference: reference).map(score) ?? .zero
    }

    func score(_ matches: TokenMatches) -> PrecisionRecall {
        PrecisionRecall(precision: mean(matches.given), recall: mean(matches.expected))
    }

    private func mean(_ matches: [TokenMatches.Match]) -> Double {
        let special = Set([matches.first?.id, matches.last?.id])
        var (sum, weight) = (0.0, 0.0)
        for match in matches where !special.contains(match.id) {
            let own = weights.map { $0[match.id] ?? unseen } ?? 1
            sum += own * Double(match.cosine)
            weight += own
        }
        return weight > 0 ? sum / weight : 0
    }
}
