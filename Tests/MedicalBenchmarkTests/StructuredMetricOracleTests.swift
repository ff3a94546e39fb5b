// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import MedicalBenchmark

@Suite(
    "Entity and multilabel scores equal seqeval's and scikit-learn's",
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"))
struct StructuredMetricOracleTests {
    struct Entities: Decodable {
        struct Averages: Decodable {
            let micro: OracleScore
            let macro: OracleScore
            let weighted: OracleScore
        }

        /// `[type, first, last]`.
        struct Span: Decodable {
            let span: EntitySpan

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                span = EntitySpan(
                    type: try values.decode(String.self), first: try values.decode(Int.self),
                    last: try values.decode(Int.self))
            }
        }

        let truth: [[String]]
        let predicted: [[String]]
        let truthEntities: [[Span]]
        let predictedEntities: [[Span]]
        let byDefault: Averages
        let strict: Averages

        enum CodingKeys: String, CodingKey {
            case truth, predicted
            case truthEntities = "truth_entities"
            case predictedEntities = "predicted_entities"
            case byDefault = "default"
            case strict = "strict_iob2"
        }
    }

    struct Multilabel: Decodable {
        let labels: [String]
        let truth: [[String]]
        let predicted: [[String]]
        let exactMatch: Double
        let macro: Double
        let micro: Double
        let samples: Double
        let byLabel: [Double]

        enum CodingKeys: String, CodingKey {
            case labels, truth, predicted
            case exactMatch = "exact_match"
            case macro = "macro_f1"
            case micro = "micro_f1"
            case samples = "samples_f1"
            case byLabel = "per_label_f1"
        }
    }

    private static func compare(
        _ ours: (precision: Double, recall: Double, f1: Double), _ theirs: OracleScore, _ place: Comment
    ) {
        #expect(abs(ours.precision - theirs.p) < 1e-9, place)
        #expect(abs(ours.recall - theirs.r) < 1e-9, place)
        #expect(abs(ours.f1 - theirs.f) < 1e-9, place)
    }

    @Test("Entities, and their averages in both modes")
    func entities() throws {
        let rows = try MetricOracles.rows(as: Entities.self)
        try #require(!rows.isEmpty)
        for (index, row) in rows.enumerated() {
            #expect(
                row.truth.map { EntitySpan.spans(of: $0, isStrict: false) } == row.truthEntities.map { $0.map(\.span) })
            let found = row.predicted.map { EntitySpan.spans(of: $0, isStrict: false) }
            #expect(found == row.predictedEntities.map { $0.map(\.span) })
            for (isStrict, theirs) in [(false, row.byDefault), (true, row.strict)] {
                var counts = EntityCounts()
                for (truth, given) in zip(row.truth, row.predicted) {
                    // One sequence of the two may be shorter in a row without predictions.
                    counts.add(
                        expected: EntitySpan.spans(of: truth, isStrict: isStrict),
                        given: EntitySpan.spans(of: given, isStrict: isStrict))
                }
                let micro = counts.micro
                Self.compare((micro.precision, micro.recall, micro.f1), theirs.micro, "\(index) micro")
                Self.compare(counts.macro(), theirs.macro, "\(index) macro")
                Self.compare(counts.weighted, theirs.weighted, "\(index) weighted")
            }
        }
    }

    @Test("Sets of labels")
    func multilabel() throws {
        let rows = try MetricOracles.rows(as: Multilabel.self)
        try #require(!rows.isEmpty)
        for row in rows {
            var counts = MultilabelCounts(labels: row.labels.count)
            for (truth, given) in zip(row.truth, row.predicted) {
                counts.add(
                    expected: row.labels.map(truth.contains), given: row.labels.map(given.contains))
            }
            let pairs = [
                (counts.exactMatch, row.exactMatch), (counts.macroF1, row.macro), (counts.microF1, row.micro),
                (counts.sampleMeanF1, row.samples),
            ]
            for (ours, theirs) in pairs { #expect(abs(ours - theirs) < 1e-9) }
            for (label, theirs) in row.byLabel.enumerated() { #expect(abs(counts.f1(label) - theirs) < 1e-9) }
        }
    }
}
