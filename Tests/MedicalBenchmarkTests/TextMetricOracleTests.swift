// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import MedicalBenchmark

@Suite(
    "ROUGE, stems and SQuAD scores equal the reference libraries'",
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"))
struct TextMetricOracleTests {
    struct Pair: Decodable {
        struct Rouge: Decodable {
            let rouge1: OracleScore
            let rouge2: OracleScore
            let rougeL: OracleScore
            let rougeLsum: OracleScore
        }

        struct Squad: Decodable {
            let golds: [String]
            let normalised: String
            let em: Double
            let f1: Double

            enum CodingKeys: String, CodingKey {
                case golds, em, f1
                case normalised = "normalized_prediction"
            }
        }

        let prediction: String
        let reference: String
        let plain: Rouge
        let stemmed: Rouge
        let squad: Squad
    }

    struct Stem: Decodable {
        let word: String
        let stem: String
    }

    private static func compare(_ ours: PrecisionRecall, _ theirs: OracleScore, _ place: Comment) {
        #expect(abs(ours.precision - theirs.p) < 1e-9, place)
        #expect(abs(ours.recall - theirs.r) < 1e-9, place)
        #expect(abs(ours.f1 - theirs.f) < 1e-9, place)
    }

    @Test("ROUGE-1, 2, L and Lsum of every pair, plain and stemmed")
    func rouge() throws {
        let pairs = try MetricOracles.rows(as: Pair.self)
        try #require(pairs.count > 10)
        for (index, pair) in pairs.enumerated() {
            for (isStemmed, theirs) in [(false, pair.plain), (true, pair.stemmed)] {
                let ours = ROUGE(isStemmed: isStemmed).score(pair.prediction, reference: pair.reference)
                Self.compare(ours.rouge1, theirs.rouge1, "\(index) rouge1")
                Self.compare(ours.rouge2, theirs.rouge2, "\(index) rouge2")
                Self.compare(ours.rougeL, theirs.rougeL, "\(index) rougeL")
                Self.compare(ours.rougeLsum, theirs.rougeLsum, "\(index) rougeLsum")
            }
        }
    }

    @Test("Exact match and token F1 over the accepted answers")
    func squad() throws {
        for pair in try MetricOracles.rows(as: Pair.self) {
            let ours = SQuADScore(pair.prediction, accepted: pair.squad.golds)
            #expect(SQuADScore.normalised(pair.prediction) == pair.squad.normalised)
            #expect(ours.exactMatch == pair.squad.em && abs(ours.f1 - pair.squad.f1) < 1e-9)
        }
    }

    @Test("The stem of every word")
    func porter() throws {
        let words = try MetricOracles.rows(as: Stem.self)
        try #require(words.count > 100)
        let stemmer = PorterStemmer()
        for word in words {
            let letters = Array(word.word.utf8)
            let ours = letters.count > 3 ? stemmer.stem(letters) : letters
            #expect(String(decoding: ours, as: UTF8.self) == word.stem, "\(word.word)")
        }
    }
}
