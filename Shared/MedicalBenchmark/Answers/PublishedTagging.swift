// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Entities of marked-up texts as the paper's code compares them (`NER.html2bio` and `align_tokens` in its
/// `vital_measure.py`), with its traps: both texts are cut to tokens, walked together, and where two tokens do not fit
/// both are dropped; what is left of the longer one at the end is dropped too. An answer that breaks off is so not
/// charged with the entities it has not come to.
///
/// One thing differs: inside tags the authors' tokens are spaCy's (`en_core_web_lg`), here words apart from their
/// punctuation. The walk splits tokens that begin alike, so this moves no entity unless the two texts differ there.
enum PublishedTagging {
    /// The classes that count as entities.
    static let types = ["problem", "treatment", "test", "drug"]

    private typealias Token = (text: [Unicode.Scalar], tag: String)

    /// The entities of the answer and of the gold text in the tokens that fit.
    static func entities(answer: MarkedText, gold: MarkedText) -> (given: [EntitySpan], expected: [EntitySpan]) {
        let pairs = aligned(tokens(answer), tokens(gold))
        return (
            EntitySpan.spans(of: pairs.map(\.given), isStrict: false),
            EntitySpan.spans(of: pairs.map(\.expected), isStrict: false)
        )
    }

    private static func tokens(_ text: MarkedText) -> [Token] {
        text.pieces.flatMap { piece -> [Token] in
            guard piece.isTag else {
                return PythonText.split(piece.text).map { (Array($0.unicodeScalars), "O") }
            }
            let type = piece.type.flatMap { types.contains($0) ? $0 : nil }
            return TextTokens.words(piece.text).enumerated().map { index, word in
                (Array(word.unicodeScalars), type.map { "\(index == 0 ? "B" : "I")-\($0)" } ?? "O")
            }
        }
    }

    private static func aligned(_ one: [Token], _ other: [Token]) -> [(given: String, expected: String)] {
        var (one, other) = (one, other)
        var (i, j) = (0, 0)
        var pairs: [(given: String, expected: String)] = []
        while i < one.count, j < other.count {
            let (left, right) = (one[i], other[j])
            if left.text == right.text {
                pairs.append((left.tag, right.tag))
                (i, j) = (i + 1, j + 1)
            } else if right.text.starts(with: left.text) {
                pairs.append((left.tag, right.tag))
                other[j] = (Array(right.text.dropFirst(left.text.count)), inside(right.tag))
                i += 1
            } else if left.text.starts(with: right.text) {
                pairs.append((left.tag, right.tag))
                one[i] = (Array(left.text.dropFirst(right.text.count)), inside(left.tag))
                j += 1
            } else {
                (i, j) = (i + 1, j + 1)
            }
        }
        return pairs
    }

    private static func inside(_ tag: String) -> String { tag.hasPrefix("B-") ? "I-" + tag.dropFirst(2) : tag }
}
