// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Messages
import OracleSupport
import Tensors
import TestSupport
import Testing

@Suite("inference run embeds texts", .timeLimit(.minutes(2)))
struct EmbedJobTests {
    private static let fixture = OutsideData.fixtures.appending(path: "encoders/bert")

    @Test func vectorsOfEveryToken() throws {
        let desk = try ServiceDesk()
        try desk.copy(Self.fixture, to: "encoder")
        let output = try desk.output(
            "inference", .inferEmbed, of: EmbedTexts.self,
            [
                "model": "encoder", "layer": 1, "pooling": "mean", "output": "made",
                "texts": ["The heart is normal.", .string(String(repeating: "the ", count: 30))],
            ])
        #expect(output.tokens == [7, 24] && output.truncated == 1)
        let file = try SafetensorsFile(URL(filePath: output.vectors.text))
        #expect(try file.integers("ids.0") == [2, 84, 83, 87, 88, 78, 3])
        let got = try file.tensor("vectors.0")
        let want = try SafetensorsFile(Self.fixture.appending(path: "hidden.safetensors")).tensor("0.1")
        #expect(got.shape == want.shape)
        #expect(zip(got.values, want.values).allSatisfy { abs($0 - $1) < 1e-4 })
        let pooled = try #require(output.embeddings)
        #expect(pooled.count == 2 && pooled[0].count == 8)
        let mean = (0..<7).reduce(0.0) { $0 + Double(got.values[$1 * 8]) } / 7
        #expect(abs(pooled[0][0] - mean) < 1e-6)
    }

    @Test func badInputIsRefusedByName() throws {
        let desk = try ServiceDesk()
        try desk.copy(Self.fixture, to: "encoder")
        func refuse(_ payload: JSONValue, saying words: [String]) throws {
            #expect(try desk.faults(of: "inference", refusing: .inferEmbed, payload, saying: words) == [])
        }
        try refuse(["model": "encoder", "texts": [], "output": "made"], saying: ["texts"])
        try refuse(["model": "encoder", "texts": ["x"], "layer": 3, "output": "made"], saying: ["layer 3", "0...2"])
        try refuse(["model": "nowhere", "texts": ["x"], "output": "made"], saying: ["nowhere"])
        try desk.write("encoder/config.json", #"{"model_type": "roberta"}"#)
        try refuse(["model": "encoder", "texts": ["x"], "output": "made"], saying: ["encoder/config.json", "roberta"])
    }
}
