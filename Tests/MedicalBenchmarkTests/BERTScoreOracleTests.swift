// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import MedicalBenchmark

@Suite(
    "BERTScore equals bert_score's on the oracle's encoder",
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"))
struct BERTScoreOracleTests {
    struct Row: Decodable {
        let candidate: [Int32]
        let reference: [Int32]
        let plain: OracleScore
        let idf: OracleScore

        enum CodingKeys: String, CodingKey {
            case plain, idf
            case candidate = "candidate_ids"
            case reference = "reference_ids"
        }
    }

    private static func vectors(_ ids: [Int32], _ encoder: ReferenceEncoder) -> TokenVectors {
        let rows = encoder.vectors(ids: ids, layer: 2)
        return TokenVectors(ids: ids, values: rows.joined().map(Float.init), dimension: rows.first?.count ?? 1)
    }

    @Test("Precision, recall and F of every pair, plain and weighted by inverse document frequency")
    func everyPair() throws {
        let files = try OutsideData.oracleRows(of: Row.self)
        try #require(!files.isEmpty)
        for (folder, rows) in files {
            let model = try #require(OutsideData.folders(below: folder) { $0.holds("config.json") }.first)
            let encoder = try ReferenceEncoder(folder: model)
            let pairs = rows.map { row in
                (Self.vectors(row.candidate, encoder), Self.vectors(row.reference, encoder), row)
            }
            let weighted = BERTScore(inverseDocumentFrequenciesOf: pairs.map(\.1.ids))
            for (candidate, reference, row) in pairs {
                for (metric, theirs) in [(BERTScore(), row.plain), (weighted, row.idf)] {
                    let ours = metric.score(candidate, reference: reference)
                    #expect(abs(ours.precision - theirs.p) < 1e-5)
                    #expect(abs(ours.recall - theirs.r) < 1e-5)
                    #expect(abs(ours.f1 - theirs.f) < 1e-5)
                }
            }
        }
    }
}
