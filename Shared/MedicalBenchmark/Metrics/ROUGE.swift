// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// ROUGE (Lin, 2004) of one text against one reference, as Google's rouge_score computes it.
///
/// Tokens are runs of `a`–`z` and `0`–`9` of the lower-cased text, so a text in another script has none and scores 0.
struct ROUGE {
    /// Whether words of more than three letters are replaced by their stems.
    let isStemmed: Bool

    /// Unigrams, bigrams, longest common subsequence of the whole texts, and the union of the lines' ones.
    struct Scores: Hashable {
        let rouge1: PrecisionRecall
        let rouge2: PrecisionRecall
        let rougeL: PrecisionRecall
        let rougeLsum: PrecisionRecall
    }

    func score(_ text: String, reference: String) -> Scores {
        var names = TokenNames(isStemmed: isStemmed)
        let given = names.tokens(text)
        let expected = names.tokens(reference)
        let common = LongestCommonSubsequence.length(expected, given)
        func lines(_ text: String) -> [[Int32]] {
            text.unicodeScalars.split(separator: "\n").map { names.tokens(String($0)) }
        }
        return Scores(
            rouge1: Self.overlap(given, expected, order: 1), rouge2: Self.overlap(given, expected, order: 2),
            rougeL: PrecisionRecall(right: common, given: given.count, expected: expected.count),
            rougeLsum: Self.union(lines(text), lines(reference)))
    }

    private static func overlap(_ given: [Int32], _ expected: [Int32], order: Int) -> PrecisionRecall {
        func counts(_ tokens: [Int32]) -> [ArraySlice<Int32>: Int] {
            var counts: [ArraySlice<Int32>: Int] = [:]
            guard tokens.count >= order else { return counts }
            for start in 0...tokens.count - order { counts[tokens[start..<start + order], default: 0] += 1 }
            return counts
        }
        let (left, right) = (counts(given), counts(expected))
        let common = right.reduce(0) { $0 + min($1.value, left[$1.key] ?? 0) }
        return PrecisionRecall(
            right: common, given: max(0, given.count - order + 1), expected: max(0, expected.count - order + 1))
    }

    /// Each line of the reference is matched with all lines of the text; a token counts no more often than it occurs in
    /// both.
    private static func union(_ given: [[Int32]], _ expected: [[Int32]]) -> PrecisionRecall {
        var leftGiven: [Int32: Int] = [:]
        var leftExpected: [Int32: Int] = [:]
        for token in given.joined() { leftGiven[token, default: 0] += 1 }
        for token in expected.joined() { leftExpected[token, default: 0] += 1 }
        var hits = 0
        for line in expected {
            var isMatched = [Bool](repeating: false, count: line.count)
            for other in given {
                for index in LongestCommonSubsequence.indices(of: line, in: other) { isMatched[index] = true }
            }
            for (token, matched) in zip(line, isMatched) where matched {
                guard let one = leftGiven[token], let other = leftExpected[token], one > 0, other > 0 else { continue }
                leftGiven[token] = one - 1
                leftExpected[token] = other - 1
                hits += 1
            }
        }
        return PrecisionRecall(
            right: hits, given: given.reduce(0) { $0 + $1.count }, expected: expected.reduce(0) { $0 + $1.count })
    }

    /// Tokens as numbers, equal where the tokens are.
    private struct TokenNames {
        let isStemmed: Bool
        private var known: [[UInt8]: Int32] = [:]
        private let stemmer = PorterStemmer()

        init(isStemmed: Bool) { self.isStemmed = isStemmed }

        mutating func tokens(_ text: String) -> [Int32] {
            text.lowercased().utf8.split { !Self.isTokenByte($0) }.map { piece in
                let word = Array(piece)
                return name(isStemmed && word.count > 3 ? stemmer.stem(word) : word)
            }
        }

        private mutating func name(_ word: [UInt8]) -> Int32 {
            if let name = known[word] { return name }
            let name = Int32(known.count)
            known[word] = name
            return name
        }

        private static func isTokenByte(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
}
