// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Exact match and token F1 of extracted answers, as SQuAD's evaluation script computes them (Rajpurkar et al., 2016):
/// lower case, no punctuation, no articles, single spaces; tokens are counted as often as they occur.
struct SQuADScore: Hashable {
    /// Whether the normalised texts are equal, as 1 or 0.
    let exactMatch: Double
    let f1: Double

    /// The best over the accepted answers; 0 without any.
    init(_ answer: String, accepted: [String]) {
        let given = Self.tokens(answer)
        let scores = accepted.map { gold in (given, Self.tokens(gold)) }
        exactMatch = scores.contains { $0 == $1 } ? 1 : 0
        f1 = scores.map(Self.overlap).max() ?? 0
    }

    static func normalised(_ text: String) -> String { tokens(text).joined(separator: " ") }

    private static func tokens(_ text: String) -> [String] {
        let plain = text.lowercased().unicodeScalars.filter { !PythonText.punctuation.contains($0) }
        // A run of letters and digits that is an article becomes a space: what it touched falls apart there.
        var kept = String.UnicodeScalarView()
        var word = String.UnicodeScalarView()
        func endWord() {
            if ["a", "an", "the"].contains(String(word)) { kept.append(" ") } else { kept.append(contentsOf: word) }
            word = String.UnicodeScalarView()
        }
        for scalar in plain {
            if PythonText.isAlphanumeric(scalar) {
                word.append(scalar)
            } else {
                endWord()
                kept.append(scalar)
            }
        }
        endWord()
        return PythonText.split(kept)
    }

    private static func overlap(_ given: [String], _ expected: [String]) -> Double {
        var left: [String: Int] = [:]
        for token in expected { left[token, default: 0] += 1 }
        var same = 0
        for token in given {
            guard let count = left[token], count > 0 else { continue }
            left[token] = count - 1
            same += 1
        }
        return PrecisionRecall(right: same, given: given.count, expected: expected.count).f1
    }
}
