// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Entities found, given and right, by type, from which seqeval's averages follow; an entity is right where type, first
/// and last token are.
struct EntityCounts: Hashable {
    struct Count: Hashable {
        var right = 0
        var given = 0
        var expected = 0

        mutating func add(_ other: Count) {
            right += other.right
            given += other.given
            expected += other.expected
        }

        var score: PrecisionRecall { PrecisionRecall(right: right, given: given, expected: expected) }
    }

    private(set) var byType: [String: Count] = [:]

    mutating func add(expected: [EntitySpan], given: [EntitySpan]) {
        let (truth, answer) = (Set(expected), Set(given))
        for span in truth { byType[span.type, default: Count()].expected += 1 }
        for span in answer {
            byType[span.type, default: Count()].given += 1
            if truth.contains(span) { byType[span.type, default: Count()].right += 1 }
        }
    }

    mutating func add(_ count: Count, type: String) {
        byType[type, default: Count()].add(count)
    }

    /// All types together.
    var micro: PrecisionRecall {
        byType.values.reduce(into: Count()) { $0.add($1) }.score
    }

    /// The plain mean over types, `f1` being the mean of the types' F1: over those given, or all that occur.
    func macro(over types: [String]? = nil) -> (precision: Double, recall: Double, f1: Double) {
        let types = types ?? byType.keys.sorted()
        return mean(types.map { (byType[$0]?.score ?? .zero, 1) })
    }

    /// The mean over types, each as often as it is expected.
    var weighted: (precision: Double, recall: Double, f1: Double) {
        mean(byType.keys.sorted().compactMap { byType[$0] }.map { ($0.score, Double($0.expected)) })
    }

    private func mean(_ scores: [(PrecisionRecall, Double)]) -> (precision: Double, recall: Double, f1: Double) {
        let sum = scores.reduce(0) { $0 + $1.1 }
        guard sum > 0 else { return (0, 0, 0) }
        func of(_ part: (PrecisionRecall) -> Double) -> Double {
            scores.reduce(0) { $0 + part($1.0) * $1.1 } / sum
        }
        return (of(\.precision), of(\.recall), of(\.f1))
    }
}
