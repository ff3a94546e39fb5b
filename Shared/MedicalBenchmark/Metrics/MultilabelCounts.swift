// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Answers that are sets of labels: right and wrong ones by label and by item. A quotient without a denominator is 0.
struct MultilabelCounts {
    private var right: [Int]
    private var given: [Int]
    private var expected: [Int]
    private var items = 0
    private var equal = 0
    private var sampleF1 = 0.0

    init(labels: Int) {
        right = Array(repeating: 0, count: labels)
        given = right
        expected = right
    }

    /// One item; both have a value a label.
    mutating func add(expected truth: [Bool], given answer: [Bool]) {
        var (same, sum) = (0, 0)
        for (index, (wanted, named)) in zip(truth, answer).enumerated() {
            if wanted { expected[index] += 1 }
            if named { given[index] += 1 }
            if wanted, named { right[index] += 1 }
            same += wanted && named ? 1 : 0
            sum += (wanted ? 1 : 0) + (named ? 1 : 0)
        }
        items += 1
        if truth == answer { equal += 1 }
        sampleF1 += Self.f1(same, sum)
    }

    /// Items whose set is exactly right.
    var exactMatch: Double { items == 0 ? 0 : Double(equal) / Double(items) }

    /// Mean over all labels, those without an occurrence at 0: the paper's label-wise macro-F1.
    var macroF1: Double {
        right.isEmpty ? 0 : right.indices.reduce(0) { $0 + f1($1) } / Double(right.count)
    }

    var microF1: Double { Self.f1(right.reduce(0, +), given.reduce(0, +) + expected.reduce(0, +)) }

    /// Mean of the items' F1.
    var sampleMeanF1: Double { items == 0 ? 0 : sampleF1 / Double(items) }

    func f1(_ label: Int) -> Double { Self.f1(right[label], given[label] + expected[label]) }

    /// The F1 of one item's set.
    static func f1(expected truth: [Bool], given answer: [Bool]) -> Double {
        f1(zip(truth, answer).count { $0 && $1 }, truth.count { $0 } + answer.count { $0 })
    }

    private static func f1(_ right: Int, _ sum: Int) -> Double { sum == 0 ? 0 : Double(2 * right) / Double(sum) }
}
