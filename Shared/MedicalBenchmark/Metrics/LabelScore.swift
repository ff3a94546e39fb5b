// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One class of a per-class table.
public struct LabelScore: Codable, Sendable, Hashable {
    public let label: String
    public let precision: Double
    public let recall: Double
    public let f1: Double
    /// How often it is right.
    public let support: Int
    /// How often it was given.
    public let given: Int

    init(label: String, score: PrecisionRecall, support: Int, given: Int) {
        self.label = label
        precision = score.precision
        recall = score.recall
        f1 = score.f1
        self.support = support
        self.given = given
    }
}

extension ItemOutcomes {
    /// The classes of labels and entities; nil where there are none.
    func labelScores() throws(BenchmarkError) -> [LabelScore]? {
        switch form {
        case .choices:
            var counts = ConfusionCounts(labels: labels.count)
            for pair in try indices() { counts.add(gold: pair.gold, answer: pair.answer) }
            return labels.indices.map { index in
                LabelScore(
                    label: labels[index], score: counts.score(index), support: counts.counts(index).gold,
                    given: counts.counts(index).given)
            }
        case .labelSets:
            let sets = try sets()
            return labels.indices.map { index in
                let (support, given) = (sets.count { $0.expected[index] }, sets.count { $0.given[index] })
                let right = sets.count { $0.expected[index] && $0.given[index] }
                return LabelScore(
                    label: labels[index], score: PrecisionRecall(right: right, given: given, expected: support),
                    support: support, given: given)
            }
        case .entities:
            let items = try entities()
            return labels.indices.map { index in
                let sum = items.reduce(into: EntityCounts.Count()) { $0.add($1[index]) }
                return LabelScore(label: labels[index], score: sum.score, support: sum.expected, given: sum.given)
            }
        case .values: return nil
        }
    }

    /// How often each label (row) was answered by each (column); the last column is of answers that name none. Nil where
    /// an answer is no single label.
    func confusion() throws(BenchmarkError) -> [[Int]]? {
        guard form == .choices else { return nil }
        var table = [[Int]](repeating: [Int](repeating: 0, count: labels.count + 1), count: labels.count)
        for pair in try indices() { table[pair.gold][pair.answer < 0 ? labels.count : pair.answer] += 1 }
        return table
    }
}
