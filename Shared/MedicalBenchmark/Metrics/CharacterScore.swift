// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What the paper's code reports for EmrQA (`NormQA` in its `vital_measure.py`), bug for bug.
///
/// Its removal of punctuation puts a space between all characters, so its "tokens" are characters; and the overlap is of
/// the sets of these, over the lengths of the lists. An answer equal to the gold text so scores far below 1
/// ("metformin 500 mg": 0.786), and two unrelated texts well above 0.
struct CharacterScore: Hashable {
    let exactMatch: Double
    let f1: Double

    init(_ answer: String, gold: String) {
        let given = Self.tokens(answer)
        let expected = Self.tokens(gold)
        exactMatch = given == expected ? 1 : 0
        if given.isEmpty || expected.isEmpty {
            f1 = given == expected ? 1 : 0
        } else {
            let common = Set(given).intersection(expected).count
            f1 = PrecisionRecall(right: common, given: given.count, expected: expected.count).f1
        }
    }

    private static func tokens(_ text: String) -> [Unicode.Scalar] {
        text.lowercased().unicodeScalars.filter { !PythonText.punctuation.contains($0) && !PythonText.isSpace($0) }
    }
}
