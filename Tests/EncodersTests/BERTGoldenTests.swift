// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Encoders
import Foundation
import OracleSupport
import Tensors
import Testing

@Suite("A tiny BERT equals what transformers wrote into our fixtures")
struct BERTGoldenTests {
    private struct Row: Decodable {
        var text: String
        var ids: [Int32]
        var cut: Bool
    }

    @Test("ids, and every layer to 1e-5 of the largest")
    func golden() throws {
        let folder = OutsideData.fixtures.appending(path: "encoders/bert")
        let encoder = try BERTEncoder(folder)
        let file = try SafetensorsFile(folder.appending(path: "hidden.safetensors"))
        for (number, row) in try folder.appending(path: "texts.jsonl").jsonLines(as: Row.self).enumerated() {
            for layer in 0...2 {
                let got = try encoder.vectors(of: row.text, layer: layer)
                #expect(got.ids == row.ids && got.isCut == row.cut, "text \(number)")
                let want = try file.tensor("\(number).\(layer)").values
                guard got.values.count == want.count else { continue }
                let worst = zip(got.values, want).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5 * (want.map(abs).max() ?? 0), "text \(number), layer \(layer)")
            }
        }
        #expect(throws: EncoderError.self) { try encoder.vectors(of: "x", layer: 3) }
    }
}
