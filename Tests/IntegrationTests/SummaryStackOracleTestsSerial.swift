// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import Testing

@Suite(
    "BERTScore through a stack equals bert_score's", .serialized,
    .enabled(if: OutsideData.oracles != nil, "MELLAMA_ORACLES names no folder"))
struct SummaryStackOracleTestsSerial {
    @Test("Evaluator, queue, inference and artifacts: every pair, plain and weighted")
    func everyPair() async throws {
        try await StackFixture.with(prepare: { folder in
            _ = try #require(try SummaryOracle(writingTo: URL(filePath: folder)))
        }) { stack in
            let scratch = URL(filePath: "\(stack.folder)/oracle")
            try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
            let oracle = try #require(try SummaryOracle(writingTo: scratch))
            for idf in [false, true] {
                let output = try await stack.output(
                    of: .evaluatePredictions,
                    [
                        "task": "pubmed-summarization", "data": "test.txt", "predictions": "outputs.jsonl",
                        "encoder": ["model": "encoder", "layer": 2, "idf": .bool(idf)],
                    ])
                let rows = try #require(output["rows"]?.stringValue).split(separator: ":").last ?? ""
                let file = URL(filePath: "\(stack.artifacts)/sha256/\(rows)")
                #expect(try oracle.faults(of: file, idf: idf) == [])
                let score = output["metrics"]?["bertScore"]?["value"]?.doubleValue ?? 0
                #expect(abs(score - oracle.mean(idf: idf)) < 1e-5)
            }
        }
    }
}
