// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Accuracy, macro-F1, weighted and micro-F1 of label answers.
struct ClassificationMetrics {
    /// In the order in which reports show them.
    static let names = ["accuracy", "macroF1", "weightedF1", "microF1"]

    let profile: ScoringProfile

    /// The metrics of a sample, in the order of `names`.
    func values(_ pairs: [(gold: Int, answer: Int)], sample: [Int], labels: Int) -> [Double] {
        var counts = ConfusionCounts(labels: labels)
        for index in sample { counts.add(gold: pairs[index].gold, answer: pairs[index].answer) }
        let macro = counts.macroF1(over: profile == .published ? .occurringAsGold : .whole)
        return [counts.accuracy, macro, counts.weightedF1, counts.microF1]
    }
}
