// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("A model folder is saved and loaded whole, or refused by the name of what is wrong")
struct CheckpointTests {
    private static let golden = OutsideData.fixtures.appending(path: "llama")

    private func values(_ weights: LlamaWeights) -> [Float] { weights.parameters.withUnsafeValues { Array($0) } }

    @Test("in one file or in shards, tied or not", arguments: ["untied", "tied"], [1 << 30, 4000, 1])
    func roundTrip(_ name: String, limit: Int) throws {
        let weights = try LlamaCheckpoint.load(Self.golden.appending(path: name))
        try withScratchFolder { folder in
            let source = folder.appending(path: "source")
            try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
            try Data(#"{"eos_token_id": 2}"#.utf8).write(to: source.appending(path: "generation_config.json"))
            let target = folder.appending(path: "model")
            try LlamaCheckpoint.save(weights, to: target, maxShardBytes: limit, passingThrough: source)
            let loaded = try LlamaCheckpoint.load(target)
            #expect(loaded.configuration == weights.configuration)
            #expect(values(loaded) == values(weights))
            let names = try FileManager.default.contentsOfDirectory(atPath: target.path)
            #expect(names.contains("model.safetensors") == (limit == 1 << 30))
            #expect(names.contains("model.safetensors.index.json") == (limit != 1 << 30))
            #expect(names.contains("generation_config.json"))
            if limit == 4000 {
                let sizes = try names.filter { $0.hasPrefix("model-") }.map {
                    try SafetensorsFile(target.appending(path: $0)).entries.reduce(0) { $0 + $1.range.count }
                }
                #expect(sizes.count > 1 && sizes.allSatisfy { $0 <= 4000 })
            }
        }
    }

    @Test("saving again in another form leaves one form") func resave() throws {
        let weights = try LlamaCheckpoint.load(Self.golden.appending(path: "untied"))
        try withScratchFolder { folder in
            for limit in [4000, 1 << 30, 2000] {
                try LlamaCheckpoint.save(weights, to: folder, maxShardBytes: limit)
                #expect(values(try LlamaCheckpoint.load(folder)) == values(weights))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!names.contains("model.safetensors"))
            let totals = Set(names.filter { $0.hasPrefix("model-") }.map { $0.dropFirst(15) })
            #expect(totals.count == 1, "shards of one save only: \(names)")
        }
    }

    @Test("bfloat16 rounds once and is read back as what it rounded to") func bfloat16() throws {
        let weights = try LlamaCheckpoint.load(Self.golden.appending(path: "untied"))
        try withScratchFolder { folder in
            try LlamaCheckpoint.save(weights, to: folder, as: .bfloat16)
            let once = try LlamaCheckpoint.load(folder)
            #expect(zip(values(once), values(weights)).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
            #expect(values(once) != values(weights))
            try LlamaCheckpoint.save(once, to: folder, as: .bfloat16)
            #expect(values(try LlamaCheckpoint.load(folder)) == values(once))
        }
    }

    /// The golden model with one change, and what loading it says.
    private func changed(_ change: (inout [String: Tensor]) -> Void) throws -> String {
        let source = Self.golden.appending(path: "untied")
        let file = try SafetensorsFile(source.appending(path: "model.safetensors"))
        var tensors: [String: Tensor] = [:]
        for entry in file.entries { tensors[entry.name] = try file.tensor(entry.name) }
        change(&tensors)
        return try withScratchFolder { folder in
            try Data(contentsOf: source.appending(path: "config.json"))
                .write(to: folder.appending(path: "config.json"))
            var writer = SafetensorsWriter()
            for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) { writer.add(name, tensor) }
            try writer.write(to: folder.appending(path: "model.safetensors"))
            return message { _ = try LlamaCheckpoint.load(folder) } ?? "loaded"
        }
    }

    @Test("a missing, an unexpected and a mis-shaped tensor are named") func tensors() throws {
        let name = "model.layers.1.mlp.up_proj.weight"
        #expect(try changed { $0[name] = nil }.contains("lacks the tensor \(name)"))
        #expect(try changed { $0["model.layers.2.mlp.up_proj.weight"] = Tensor(zeros: [1]) }.contains("layers.2"))
        let text = try changed { $0[name] = Tensor(zeros: [8, 12]) }
        #expect(text.contains(name) && text.contains("[8, 12]") && text.contains("[12, 8]"))
        // Buffers that old transformers wrote are no weights.
        #expect(try changed { $0["model.layers.0.self_attn.rotary_emb.inv_freq"] = Tensor(zeros: [2]) } == "loaded")
    }

    @Test("a config.json of terabytes beside a small file takes no memory") func hostile() throws {
        let source = Self.golden.appending(path: "untied")
        try withScratchFolder { folder in
            try FileManager.default.copyItem(
                at: source.appending(path: "model.safetensors"), to: folder.appending(path: "model.safetensors"))
            let config = """
                {"vocab_size": 4194304, "hidden_size": 65536, "intermediate_size": 262144, "num_hidden_layers": 1024,
                 "num_attention_heads": 64}
                """
            try Data(config.utf8).write(to: folder.appending(path: "config.json"))
            let text = try #require(message { _ = try LlamaCheckpoint.load(folder) })
            #expect(text.contains("[19, 8]") && text.contains("[4194304, 65536]"))
        }
    }

    @Test("an index that leads outside, or to what is not there") func index() throws {
        let source = Self.golden.appending(path: "untied")
        try withScratchFolder { folder in
            for name in ["config.json", "model.safetensors"] {
                try FileManager.default.copyItem(
                    at: source.appending(path: name), to: folder.appending(path: name))
            }
            let index = folder.appending(path: "model.safetensors.index.json")
            func text(_ map: String) throws -> String {
                try Data(#"{"metadata": {}, "weight_map": \#(map)}"#.utf8).write(to: index)
                return message { _ = try LlamaCheckpoint.load(folder) } ?? "loaded"
            }
            #expect(try text(#"{"w": "../model.safetensors"}"#).contains("outside"))
            #expect(try text(#"{"w": "/etc/hosts"}"#).contains("outside"))
            #expect(try text(#"{"w": "model.safetensors"}"#).contains("w"))
            #expect(try text(#"{"w": "other.safetensors"}"#).contains("other.safetensors"))
            #expect(try text(#"{"model.norm.weight": "model.safetensors"}"#).contains("does not place"))
            #expect(try text("7").contains("index.json"))
        }
    }

    @Test("a folder without a model") func nothing() throws {
        try withScratchFolder { folder in
            #expect(message { _ = try LlamaCheckpoint.load(folder) }?.contains("config.json") == true)
            try FileManager.default.copyItem(
                at: Self.golden.appending(path: "untied/config.json"), to: folder.appending(path: "config.json"))
            #expect(message { _ = try LlamaCheckpoint.load(folder) }?.contains("model.safetensors") == true)
        }
    }
}
