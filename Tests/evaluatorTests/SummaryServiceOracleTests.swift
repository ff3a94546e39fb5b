// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import TestSupport
import Testing

@Suite(
    "BERTScore through the services equals bert_score's",
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"), .timeLimit(.minutes(2)))
struct SummaryServiceOracleTests {
    private struct Row: Decodable {
        struct Score: Decodable {
            let p, r, f: Double
        }

        let candidate: String
        let reference: String
        let plain: Score
        let idf: Score
    }

    private struct Scored: Decodable {
        struct Similarity: Decodable {
            struct Score: Decodable {
                let precision, recall, f1: Double
            }

            let score: Score
        }

        let similarity: Similarity
    }

    private static func desk() throws -> (ServiceDesk, rows: [Row]) {
        let (folder, rows) = try #require(try OutsideData.oracleRows(of: Row.self).first)
        let desk = try ServiceDesk()
        let encoder = try #require(OutsideData.folders(below: folder) { $0.holds("vocab.txt") }.first)
        try desk.copy(encoder, to: "encoder")
        var (articles, outputs) = (Data(), Data())
        for (index, row) in rows.enumerated() {
            articles +=
                try MessageEncoder.encode(
                    [
                        "article_id": .string("\(index)"), "article_text": ["An article."],
                        "abstract_text": [.string("<S>\(row.reference)</S>")],
                    ] as JSONValue) + Data("\n".utf8)
            outputs +=
                try MessageEncoder.encode(
                    ["id": .string("\(index)"), "output": .string(row.candidate)] as JSONValue) + Data("\n".utf8)
        }
        try desk.write("test.txt", articles)
        try desk.write("outputs.jsonl", outputs)
        return (desk, rows)
    }

    private static func payload(idf: Bool, _ more: [String: JSONValue] = [:]) -> JSONValue {
        .object(
            [
                "task": "pubmed-summarization", "data": "test.txt", "predictions": "outputs.jsonl",
                "output": "rows.jsonl", "encoder": ["model": "encoder", "layer": 2, "idf": .bool(idf)],
            ].merging(more) { $1 })
    }

    @Test("Precision, recall and F of every pair, plain and weighted", arguments: [false, true])
    func everyPair(idf: Bool) throws {
        let (desk, rows) = try Self.desk()
        let output = try desk.output(
            "evaluator", .evaluatePredictions, of: EvaluatePredictions.self, Self.payload(idf: idf))
        let scored = try desk.folder.appending(path: "rows.jsonl").jsonLines(as: Scored.self)
        #expect(scored.count == rows.count && !rows.isEmpty)
        for (row, ours) in zip(rows, scored) {
            let theirs = idf ? row.idf : row.plain
            #expect(abs(ours.similarity.score.precision - theirs.p) < 1e-5)
            #expect(abs(ours.similarity.score.recall - theirs.r) < 1e-5)
            #expect(abs(ours.similarity.score.f1 - theirs.f) < 1e-5)
        }
        let mean = rows.reduce(0) { $0 + (idf ? $1.idf : $1.plain).f } / Double(rows.count)
        #expect(abs((output.metrics["bertScore"]?.value ?? 0) - mean) < 1e-5)
        #expect(
            output.result["bertScore"]?["hash"]
                == .string("encoder_L2_\(idf ? "idf" : "no-idf")_version=1(mellama)"))
    }

    @Test("An encoder that is not there, of another form, or remote, is the job's error, and nothing is left")
    func refused() throws {
        let (desk, _) = try Self.desk()
        for (encoder, words) in [
            (["model": "nowhere", "layer": 2], ["nowhere", "does not exist"]),
            (["model": "encoder", "layer": 9], ["layer 9", "0...3"]),
            (["model": "encoder"], ["payload.encoder", "layer"]),
            (["model": "remote:hosted", "layer": 2], ["remote:hosted", "does not exist"]),
        ] as [(JSONValue, [String])] {
            let faults = try desk.faults(
                of: "evaluator", refusing: .evaluatePredictions, Self.payload(idf: false, ["encoder": encoder]),
                saying: words)
            #expect(faults == [])
        }
    }
}
