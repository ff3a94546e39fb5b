// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// What came of each item of an evaluation, in the little that is needed to compute any metric again, and to pair two
/// evaluations item by item.
public struct ItemOutcomes: Codable, Sendable, Hashable {
    /// What is kept of an item.
    public enum Form: String, Codable, Sendable {
        /// One label right and one given, a character each.
        case choices
        /// Sets of labels, a `0` or `1` a label.
        case labelSets
        /// Entities right, given and expected, three counts a type.
        case entities
        /// A value a metric, of which the mean counts.
        case values
    }

    public let form: Form
    /// What the characters stand for: the first label is `0`, the eleventh `a`; or the types of entities.
    public let labels: [String]
    /// SHA-256 of the items' ids in their order; equal where two evaluations are of the same items.
    public let itemsSHA256: String
    /// Right answers: a character an item, or one a label and item.
    public let gold: String
    /// The same of the answers; `-` where the output names no label.
    public let answers: String
    /// In mode `loglikelihood`, the labels of the largest log-likelihood a token.
    public var answersPerToken: String?
    /// Of entities: for each item and type what is right, given and expected, in turn.
    public var counts: [[Int]]?
    /// Of values, by metric.
    public var values: [String: [Double]]?

    /// Single labels; both are of `labels`, which must be at most 62.
    init(
        labels: [String], ids: [String], gold: [String], answers: [String?], perToken: [String?]? = nil
    ) {
        form = .choices
        self.labels = labels
        itemsSHA256 = Self.digest(ids)
        var letters: [String: Character] = [:]
        for (label, letter) in zip(labels, Self.alphabet) { letters[label] = letter }
        func text(_ answers: [String?]) -> String { String(answers.map { $0.flatMap { letters[$0] } ?? "-" }) }
        self.gold = text(gold)
        self.answers = text(answers)
        answersPerToken = perToken.map(text)
    }

    /// Answers of the other forms, each with the detail of its form.
    init(_ form: Form, labels: [String], ids: [String], details: [Judgement.Detail]) {
        self.form = form
        self.labels = labels
        itemsSHA256 = Self.digest(ids)
        var (gold, answers) = ("", "")
        var counts: [[Int]] = []
        var values: [String: [Double]] = [:]
        for detail in details {
            switch detail {
            case .choice: break
            case .labelSet(let given, let expected):
                answers += given.map { $0 ? "1" : "0" }.joined()
                gold += expected.map { $0 ? "1" : "0" }.joined()
            case .entities(let found): counts.append(found.flatMap { [$0.right, $0.given, $0.expected] })
            case .values(let own): for (name, value) in own { values[name, default: []].append(value) }
            }
        }
        self.gold = gold
        self.answers = answers
        self.counts = form == .entities ? counts : nil
        self.values = form == .values ? values : nil
    }

    /// Items.
    public var count: Int {
        switch form {
        case .choices: gold.utf8.count
        case .labelSets: labels.isEmpty ? 0 : gold.utf8.count / labels.count
        case .entities: counts?.count ?? 0
        case .values: values?.values.first?.count ?? 0
        }
    }

    /// Label indices of gold and answer of each item, −1 for none. Throws where the text is none that was written here.
    func indices(perToken: Bool = false) throws(BenchmarkError) -> [(gold: Int, answer: Int)] {
        var known: [Character: Int] = ["-": -1]
        for (index, letter) in Self.alphabet.prefix(labels.count).enumerated() { known[letter] = index }
        let golds = gold.map { known[$0] ?? -2 }
        let answers = (perToken ? answersPerToken ?? "" : self.answers).map { known[$0] ?? -2 }
        guard form == .choices, golds.count == answers.count, golds.allSatisfy({ $0 >= 0 }),
            answers.allSatisfy({ $0 >= -1 })
        else { throw Self.broken }
        return zip(golds, answers).map { (gold: $0, answer: $1) }
    }

    /// The label sets of each item.
    func sets() throws(BenchmarkError) -> [(expected: [Bool], given: [Bool])] {
        let (expected, given) = (Array(gold.utf8), Array(answers.utf8))
        guard form == .labelSets, !labels.isEmpty, expected.count == given.count, expected.count % labels.count == 0
        else {
            throw Self.broken
        }
        func set(_ text: [UInt8], _ item: Int) -> [Bool] {
            text[item * labels.count..<(item + 1) * labels.count].map { $0 == UInt8(ascii: "1") }
        }
        return (0..<expected.count / labels.count).map { (set(expected, $0), set(given, $0)) }
    }

    /// The entity counts of each item, a type after the other.
    func entities() throws(BenchmarkError) -> [[EntityCounts.Count]] {
        guard let counts, form == .entities, counts.allSatisfy({ $0.count == labels.count * 3 }) else {
            throw Self.broken
        }
        return counts.map { row in
            labels.indices.map {
                EntityCounts.Count(right: row[3 * $0], given: row[3 * $0 + 1], expected: row[3 * $0 + 2])
            }
        }
    }

    static let broken = BenchmarkError(
        .mismatch, "outcomes of an evaluation", "do not fit their labels",
        remedy: "give the result as the evaluation wrote it")

    private static func digest(_ ids: [String]) -> String { SHA256.hexadecimal(of: ids.map { "\($0)\n" }.joined()) }

    private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}
