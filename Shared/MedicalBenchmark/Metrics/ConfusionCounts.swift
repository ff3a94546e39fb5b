// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Right and wrong answers by label, from which accuracy and the F1 scores follow.
///
/// Labels are indices; an answer of −1 is none of the labels: it is wrong, costs its gold label recall, and is no class.
/// A quotient without a denominator is 0.
struct ConfusionCounts {
    private var truePositives: [Int]
    private var golds: [Int]
    private var answers: [Int]
    private var items = 0
    private var correct = 0

    init(labels: Int) {
        truePositives = Array(repeating: 0, count: labels)
        golds = truePositives
        answers = truePositives
    }

    mutating func add(gold: Int, answer: Int) {
        items += 1
        golds[gold] += 1
        if answer >= 0 { answers[answer] += 1 }
        if gold == answer {
            correct += 1
            truePositives[gold] += 1
        }
    }

    /// Over all items, unparsed answers among them.
    var accuracy: Double { items == 0 ? 0 : Double(correct) / Double(items) }

    /// F1 of one label: 2 TP / (gold + answered).
    func f1(_ label: Int) -> Double {
        let sum = golds[label] + answers[label]
        return sum == 0 ? 0 : Double(2 * truePositives[label]) / Double(sum)
    }

    /// Mean of the labels' F1: over the labels that occur as gold, or over all.
    func macroF1(over labels: MacroLabels) -> Double {
        let counted = golds.indices.filter { labels == .whole || golds[$0] > 0 }
        return counted.isEmpty ? 0 : counted.reduce(0) { $0 + f1($1) } / Double(counted.count)
    }

    /// Mean of the labels' F1 weighted by how often each is gold; the paper's "F1".
    var weightedF1: Double {
        items == 0 ? 0 : golds.indices.reduce(0) { $0 + f1($1) * Double(golds[$1]) } / Double(items)
    }

    /// Which labels a macro average is over.
    enum MacroLabels {
        case whole
        case occurringAsGold
    }
}
