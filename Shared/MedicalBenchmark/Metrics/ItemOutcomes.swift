// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// The answers to all items of an evaluation in two characters an item: enough to compute any metric again, and to pair
/// two evaluations item by item.
public struct ItemOutcomes: Codable, Sendable, Hashable {
    /// What the characters stand for: the first label is `0`, the eleventh `a`.
    public let labels: [String]
    /// SHA-256 of the items' ids in their order; equal where two evaluations are of the same items.
    public let itemsSHA256: String
    /// A character an item.
    public let gold: String
    /// A character an item, `-` where the output names no label.
    public let answers: String

    /// `answers` and `gold` are labels; labels must be at most 62.
    init(labels: [String], ids: [String], gold: [String], answers: [String?]) {
        self.labels = labels
        itemsSHA256 = SHA256.hexadecimal(of: ids.map { "\($0)\n" }.joined())
        var letters: [String: Character] = [:]
        for (label, letter) in zip(labels, Self.alphabet) { letters[label] = letter }
        self.gold = String(gold.map { letters[$0] ?? "-" })
        self.answers = String(answers.map { $0.flatMap { letters[$0] } ?? "-" })
    }

    public var count: Int { gold.utf8.count }

    /// Label indices of gold and answer of each item, −1 for none. Throws where the text is none that was written here.
    func indices() throws(BenchmarkError) -> [(gold: Int, answer: Int)] {
        var known: [Character: Int] = ["-": -1]
        for (index, letter) in Self.alphabet.prefix(labels.count).enumerated() { known[letter] = index }
        let golds = gold.map { known[$0] ?? -2 }
        let answers = answers.map { known[$0] ?? -2 }
        guard golds.count == answers.count, golds.allSatisfy({ $0 >= 0 }), answers.allSatisfy({ $0 >= -1 }) else {
            throw BenchmarkError(
                .mismatch, "outcomes of an evaluation", "do not fit their labels",
                remedy: "give the result as the evaluation wrote it")
        }
        return zip(golds, answers).map { (gold: $0, answer: $1) }
    }

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
