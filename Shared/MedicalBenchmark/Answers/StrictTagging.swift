// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Entities of marked-up texts compared against the full gold: every entity of the gold text is expected, whatever the
/// answer leaves out, and every entity of the answer is given, wherever it stands.
///
/// Both texts are cut to words and punctuation and matched by their longest common subsequence. An entity of the answer
/// is right where its words are matched, without a gap, with all the words of an entity of its type.
enum StrictTagging {
    static func entities(
        answer: MarkedText, gold: MarkedText, types: [String]
    ) -> (given: [EntitySpan], expected: [EntitySpan]) {
        let (written, truth) = (Sequence(answer, types: types), Sequence(gold, types: types))
        var place: [Int: Int] = [:]
        for pair in LongestCommonSubsequence.pairs(written.words, truth.words) { place[pair.one] = pair.other }
        let given = written.spans.map { span in
            let places = (span.first...span.last).map { place[$0] }
            let isWhole = zip(places, places.dropFirst()).allSatisfy { one, next in
                one != nil && next == one.map { $0 + 1 }
            }
            guard isWhole, let first = places.first ?? nil, let last = places.last ?? nil else {
                // Nowhere in the gold text: given, and never right.
                return EntitySpan(type: span.type, first: -1 - span.first, last: -1 - span.last)
            }
            return EntitySpan(type: span.type, first: first, last: last)
        }
        return (given, truth.spans)
    }

    private struct Sequence {
        var words: [String] = []
        var spans: [EntitySpan] = []

        init(_ text: MarkedText, types: [String]) {
            for piece in text.pieces {
                let found = TextTokens.words(piece.text)
                if let type = piece.type, types.contains(type), !found.isEmpty {
                    spans.append(EntitySpan(type: type, first: words.count, last: words.count + found.count - 1))
                }
                words += found
            }
        }
    }
}
