// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import OracleSupport
import Tensors
import Testing
import Tokenization

@testable import Checkpoints

@Suite(
    "GGUF files are read as the reference reads them",
    .enabled(if: OutsideData.oracles != nil, "no oracles: set MELLAMA_ORACLES"))
struct GGUFOracleTests {
    struct Inputs: Decodable {
        var ids: [[Int32]]
        enum CodingKeys: String, CodingKey { case ids = "rows" }
    }

    static let folders = OutsideData.folders(below: OutsideData.oracles) { folder in
        folder.holds("forward.safetensors") && !files(folder).isEmpty
    }

    private static func files(_ folder: URL) -> [URL] {
        let all = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (all ?? []).filter { $0.pathExtension == "gguf" }
    }

    @Test("there is a file to compare with") func found() { #expect(!Self.folders.isEmpty) }

    @Test("logits of the dequantised weights, to 1e-5 of the largest", arguments: folders)
    func logits(folder: URL) throws {
        let source = try ModelSource(folder)
        let model = try withScratchFolder { scratch in
            try ModelConversion.convert(source, to: scratch, container: .safetensors, format: .float32)
            return try LlamaModel(LlamaCheckpoint.load(scratch))
        }
        let inputs = try folder.deletingLastPathComponent().appending(path: "inputs.json").json(as: Inputs.self)
        let got = try model.logits(TokenBatch(rows: inputs.ids))
        let want = try SafetensorsFile(folder.appending(path: "forward.safetensors")).tensor("logits")
        #expect(got.shape == want.shape)
        let largest = want.values.map(abs).max() ?? 0
        var worst: Float = 0
        for (a, b) in zip(got.values, want.values) { worst = max(worst, abs(a - b)) }
        #expect(worst <= 1e-5 * largest, "\(worst) of \(largest)")
    }

    @Test("rows of q are in the published order, bit for bit", arguments: folders)
    func rows(folder: URL) throws {
        let model = try LlamaGGUF(try #require(Self.files(folder).first))
        let file = try SafetensorsFile(folder.appending(path: "forward.safetensors"))
        let entry = try #require(file.entries.first { $0.name.contains("attn_q") })
        var got = Tensor(zeros: entry.shape)
        try got.withUnsafeMutableValues {
            try model.read("model.layers.0.self_attn.q_proj.weight", shape: entry.shape, into: $0)
        }
        #expect(got.values == (try file.tensor(entry.name)).values)
    }

    @Test("the vocabulary encodes as the tokenizer it was made from", arguments: folders)
    func vocabulary(folder: URL) throws {
        let loaded = try withScratchFolder { scratch in
            try ModelConversion.convert(ModelSource(folder), to: scratch, container: .gguf, format: .q8)
            return try TokenizerFile.load(path: scratch.path)
        }
        let tokenizer = try #require(loaded as? SentencePieceTokenizer)
        let twins = try OutsideData.folders(below: OutsideData.oracles) {
            $0.holds("tokenizer.model") && $0.holds("strings.jsonl")
        }.filter {
            try SentencePieceTokenizer(file: $0.appending(path: "tokenizer.model").path).model.pieces
                == tokenizer.model.pieces
        }
        struct Row: Decodable {
            var text: String
            var ids: [TokenID]
        }
        #expect(!twins.isEmpty)
        for twin in twins {
            for row in try twin.appending(path: "strings.jsonl").jsonLines(as: Row.self) {
                #expect(tokenizer.encode(row.text) == row.ids)
            }
        }
    }
}
