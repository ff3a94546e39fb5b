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
    private static func payload(_ encoder: JSONValue) -> JSONValue {
        [
            "task": "pubmed-summarization", "data": "test.txt", "predictions": "outputs.jsonl", "output": "rows.jsonl",
            "encoder": encoder,
        ]
    }

    @Test("Precision, recall and F of every pair, plain and weighted", arguments: [false, true])
    func everyPair(idf: Bool) throws {
        let desk = try ServiceDesk()
        let oracle = try #require(try SummaryOracle(writingTo: desk.folder))
        let output = try desk.output(
            "evaluator", .evaluatePredictions, of: EvaluatePredictions.self,
            Self.payload(["model": "encoder", "layer": 2, "idf": .bool(idf)]))
        #expect(try oracle.faults(of: desk.folder.appending(path: "rows.jsonl"), idf: idf) == [])
        #expect(abs((output.metrics["bertScore"]?.value ?? 0) - oracle.mean(idf: idf)) < 1e-5)
        #expect(
            output.result["bertScore"]?["hash"] == .string("encoder_L2_\(idf ? "idf" : "no-idf")_version=1(mellama)"))
    }

    @Test("An encoder that is not there, too shallow or remote is the job's error, and nothing is left")
    func refused() throws {
        let desk = try ServiceDesk()
        _ = try #require(try SummaryOracle(writingTo: desk.folder))
        for (encoder, words) in [
            (["model": "nowhere", "layer": 2], ["nowhere", "does not exist"]),
            (["model": "encoder", "layer": 9], ["layer 9", "0...3"]),
            (["model": "encoder"], ["payload.encoder", "layer"]),
            (["model": "remote:hosted", "layer": 2], ["remote:hosted", "does not exist"]),
        ] as [(JSONValue, [String])] {
            let faults = try desk.faults(
                of: "evaluator", refusing: .evaluatePredictions, Self.payload(encoder), saying: words)
            #expect(faults == [])
        }
    }
}
