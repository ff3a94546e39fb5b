// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How near each token of two texts comes to the other text's nearest: all of BERTScore but the tokens' weights, in so
/// little memory that a whole data set's can be kept.
public struct TokenMatches: Sendable, Hashable {
    /// The candidate's token ids, the special ones among them, and the largest cosine of each with any of the reference.
    let given: [Match]
    /// The reference's, the other way round.
    let expected: [Match]

    struct Match: Sendable, Hashable {
        let id: Int32
        let cosine: Float
    }

    /// Nil where a text has special tokens alone, or the vectors are of two encoders: that scores 0.
    init?(_ candidate: TokenVectors, reference: TokenVectors) {
        guard candidate.ids.count > 2, reference.ids.count > 2, candidate.dimension == reference.dimension else {
            return nil
        }
        let (rows, columns, width) = (candidate.ids.count, reference.ids.count, candidate.dimension)
        var best = (
            given: [Float](repeating: -.infinity, count: rows), expected: [Float](repeating: -.infinity, count: columns)
        )
        candidate.normalised.withUnsafeBufferPointer { candidate in
            reference.normalised.withUnsafeBufferPointer { reference in
                for row in 0..<rows {
                    for column in 0..<columns {
                        let cosine = Self.product(candidate, row * width, reference, column * width, count: width)
                        best.given[row] = max(best.given[row], cosine)
                        best.expected[column] = max(best.expected[column], cosine)
                    }
                }
            }
        }
        given = zip(candidate.ids, best.given).map { Match(id: $0, cosine: $1) }
        expected = zip(reference.ids, best.expected).map { Match(id: $0, cosine: $1) }
    }

    /// Eight sums at once: an article's abstract has hundreds of tokens, each compared with hundreds.
    private static func product(
        _ one: UnsafeBufferPointer<Float>, _ start: Int, _ other: UnsafeBufferPointer<Float>, _ begin: Int, count: Int
    ) -> Float {
        var sums = SIMD8<Float>.zero
        var index = 0
        while index + 8 <= count {
            var (a, b) = (SIMD8<Float>(), SIMD8<Float>())
            for lane in 0..<8 {
                a[lane] = one[start + index + lane]
                b[lane] = other[begin + index + lane]
            }
            sums += a * b
            index += 8
        }
        var sum = sums.sum()
        while index < count {
            sum += one[start + index] * other[begin + index]
            index += 1
        }
        return sum
    }
}
