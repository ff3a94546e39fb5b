// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Generation
import OracleSupport
import Testing

@Suite("Sampling filters equal the reference library's", .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct SamplingOracleTests {
    struct Row: Decodable {
        struct Options: Decodable {
            let repetitionPenalty: Double?
            let temperature: Double?
            let topK: Int?
            let topP: Double?
            let minP: Double?
        }

        let options: Options
        let history: [Int32]
        let logits: [Float]
        let probabilities: [Double]
        let kept: [Int]
    }

    @Test("Probabilities within 1e-6, and exactly the same tokens kept")
    func rows() throws {
        let folders = OutsideData.folders(below: OutsideData.oracles) { $0.holds("sampling.jsonl") }
        #expect(!folders.isEmpty)
        for folder in folders {
            let rows = try folder.appending(path: "sampling.jsonl").snakeCaseJSONLines(as: Row.self)
            #expect(!rows.isEmpty)
            for row in rows {
                let parameters = GenerationParameters(
                    temperature: row.options.temperature ?? 1, topK: row.options.topK ?? 0,
                    topP: row.options.topP ?? 1, minP: row.options.minP ?? 0,
                    repetitionPenalty: row.options.repetitionPenalty ?? 1)
                try parameters.validate()
                let probabilities = Sampler(parameters).distribution(logits: row.logits, history: row.history)
                for (ours, expected) in zip(probabilities, row.probabilities) {
                    #expect(abs(ours - expected) <= 1e-6)
                }
                // The reference's probabilities are float32: what rounds to 0 there does not count as kept.
                #expect(probabilities.indices.filter { Float(probabilities[$0]) > 0 } == row.kept)
            }
        }
    }
}
