// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import MedicalBenchmark

@Suite(
    "Accuracy and F1 equal scikit-learn's",
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"))
struct ClassificationOracleTests {
    struct Row: Decodable {
        struct Label: Decodable {
            let p: Double
            let r: Double
            let f: Double
            let support: Int
        }

        let labels: [String]
        let truth: [String]
        let predicted: [String]
        let accuracy: Double
        let macro: Double
        let macroObserved: Double
        let micro: Double
        let macroWithoutFirst: Double
        let weighted: Double
        let byLabel: [String: Label]

        enum CodingKeys: String, CodingKey {
            case labels, truth, predicted, accuracy
            case macro = "macro_f1_label_set"
            case macroObserved = "macro_f1_observed_labels"
            case micro = "micro_f1_label_set"
            case macroWithoutFirst = "macro_f1_without_first_label"
            case weighted = "weighted_f1_label_set"
            case byLabel = "per_label"
        }
    }

    @Test("Every row, to 1e-9")
    func everyRow() throws {
        let rows = try MetricOracles.rows(as: Row.self)
        try #require(!rows.isEmpty)
        for row in rows {
            let known = Set(row.labels)
            let outcomes = ItemOutcomes(
                labels: row.labels, ids: row.truth.indices.map(String.init), gold: row.truth,
                answers: row.predicted.map { known.contains($0) ? $0 : nil })
            let pairs = try outcomes.indices()
            let bootstrap = Bootstrap(resamples: 0)
            let strict = try outcomes.metrics(.strict).estimates(items: pairs.count, bootstrap: bootstrap)
            let published = try outcomes.metrics(.published).estimates(items: pairs.count, bootstrap: bootstrap)
            var counts = ConfusionCounts(labels: row.labels.count)
            for pair in pairs { counts.add(gold: pair.gold, answer: pair.answer) }
            let occurring = row.byLabel.values.filter { $0.support > 0 }
            var expected = [
                (strict["accuracy"]?.value, row.accuracy), (strict["macroF1"]?.value, row.macro),
                (strict["weightedF1"]?.value, row.weighted), (strict["microF1"]?.value, row.micro),
                (published["accuracy"]?.value, row.accuracy),
                (published["macroF1"]?.value, occurring.map(\.f).reduce(0, +) / Double(occurring.count)),
            ]
            for (index, label) in row.labels.enumerated() {
                let theirs = try #require(row.byLabel[label])
                let ours = counts.score(index)
                expected += [(counts.f1(index), theirs.f), (ours.f1, theirs.f)]
                expected += [(ours.precision, theirs.p), (ours.recall, theirs.r)]
                #expect(counts.counts(index).gold == theirs.support)
            }
            let others = Set(row.predicted).subtracting(known).count
            expected.append((counts.macroF1(over: .observed(others: others)), row.macroObserved))
            expected.append((counts.microF1, row.micro))
            if row.labels.count > 1 {
                let others = row.labels.indices.dropFirst().map { counts.f1($0) }
                expected.append((others.reduce(0, +) / Double(others.count), row.macroWithoutFirst))
            }
            for (ours, theirs) in expected { #expect(abs(try #require(ours) - theirs) < 1e-9) }
        }
    }
}
