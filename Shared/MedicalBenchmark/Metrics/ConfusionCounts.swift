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

    /// Precision and recall of a label.
    func score(_ label: Int) -> PrecisionRecall {
        PrecisionRecall(right: truePositives[label], given: answers[label], expected: golds[label])
    }

    /// How often a label is right, and how often it was given.
    func counts(_ label: Int) -> (gold: Int, given: Int) { (golds[label], answers[label]) }

    /// Mean of the labels' F1 over some of them.
    func macroF1(over labels: MacroLabels) -> Double {
        var count = 0
        var sum = 0.0
        for label in golds.indices {
            switch labels {
            case .whole: break
            case .occurringAsGold: if golds[label] == 0 { continue }
            case .observed: if golds[label] + answers[label] == 0 { continue }
            }
            count += 1
            sum += f1(label)
        }
        if case .observed(let others) = labels { count += others }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// F1 of all labels' counts together; below accuracy's reach only by what was not read.
    var microF1: Double {
        let sum = golds.reduce(0, +) + answers.reduce(0, +)
        return sum == 0 ? 0 : Double(2 * truePositives.reduce(0, +)) / Double(sum)
    }

    /// Mean of the labels' F1 weighted by how often each is gold; the paper's "F1".
    var weightedF1: Double {
        items == 0 ? 0 : golds.indices.reduce(0) { $0 + f1($1) * Double(golds[$1]) } / Double(items)
    }

    /// Which labels a macro average is over.
    enum MacroLabels {
        case whole
        case occurringAsGold
        /// Those that are right or given at least once, and so many answers outside the label set, each a class of its
        /// own with F1 0: scikit-learn's default.
        case observed(others: Int)
    }
}
