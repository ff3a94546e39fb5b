// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Encoders
import Foundation
import OracleSupport
import Tensors
import Testing

@Suite(
    "A BERT encoder gives transformers' hidden states",
    .enabled(if: OutsideData.oracles != nil, "no oracles: set MELLAMA_ORACLES"))
struct BERTOracleTests {
    struct Row: Decodable {
        var number: Int
        var candidate: String
        var reference: String
        var candidateIDs: [Int32]
        var referenceIDs: [Int32]
        enum CodingKeys: String, CodingKey {
            case number = "n"
            case candidate, reference
            case candidateIDs = "candidate_ids"
            case referenceIDs = "reference_ids"
        }
    }

    static let folders = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("vocab.txt") && $0.holds("config.json") && $0.holds("model.safetensors")
    }

    private func rows(_ folder: URL) throws -> [Row] {
        try folder.deletingLastPathComponent().appending(path: "bertscore.jsonl").jsonLines(as: Row.self)
    }

    @Test("an encoder was found") func found() { #expect(!Self.folders.isEmpty) }

    @Test("ids of every text", arguments: folders)
    func ids(folder: URL) throws {
        let encoder = try BERTEncoder(folder)
        for row in try rows(folder) {
            #expect(try encoder.vectors(of: row.candidate, layer: 0).ids == row.candidateIDs, "row \(row.number)")
            #expect(try encoder.vectors(of: row.reference, layer: 0).ids == row.referenceIDs, "row \(row.number)")
        }
    }

    @Test("every layer, to 1e-5 of the largest", arguments: folders)
    func hiddenStates(folder: URL) throws {
        let encoder = try BERTEncoder(folder)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
            $0.hasPrefix("hidden.row")
        }
        #expect(!files.isEmpty)
        for name in files {
            let number = try #require(Int(name.dropFirst("hidden.row".count).prefix { $0.isNumber }))
            let row = try #require(try rows(folder).first { $0.number == number })
            let file = try SafetensorsFile(folder.appending(path: name))
            for layer in 0...encoder.configuration.layerCount {
                let want = try file.tensor("hidden.\(layer)").values
                let got = try encoder.vectors(of: row.candidate, layer: layer).values
                try #require(got.count == want.count)
                let largest = want.map(abs).max() ?? 0
                let worst = zip(got, want).map { abs($0 - $1) }.max() ?? .infinity
                #expect(worst <= 1e-5 * largest, "layer \(layer): \(worst) of \(largest)")
            }
        }
    }
}
