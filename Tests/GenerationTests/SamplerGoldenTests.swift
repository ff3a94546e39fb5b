// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Generation
import OracleSupport
import Testing

@Suite("Sampling filters equal plain double-precision arithmetic")
struct SamplerGoldenTests {
    struct Goldens: Decodable {
        struct Row: Decodable {
            let temperature: Double
            let topK: Int
            let topP: Double
            let minP: Double
            let repetitionPenalty: Double
            let logits: [Float]
            let history: [Int32]
            let probabilities: [Double]
        }

        let sampling: [Row]
    }

    @Test("Probabilities within 1e-6 (logits are read as float32), the same tokens dropped")
    func rows() throws {
        let goldens = try OutsideData.fixtures.appending(path: "training/goldens.json").json(as: Goldens.self)
        #expect(!goldens.sampling.isEmpty)
        for row in goldens.sampling {
            let parameters = GenerationParameters(
                temperature: row.temperature, topK: row.topK, topP: row.topP, minP: row.minP,
                repetitionPenalty: row.repetitionPenalty)
            let probabilities = Sampler(parameters).distribution(logits: row.logits, history: row.history)
            #expect(probabilities.map { $0 > 0 } == row.probabilities.map { $0 > 0 })
            for (ours, golden) in zip(probabilities, row.probabilities) {
                #expect(abs(ours - golden) <= 1e-6)
            }
        }
    }
}
