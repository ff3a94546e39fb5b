// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite("An adapter folder is PEFT's, or refused")
struct AdapterTests {
    private let source = OutsideData.fixtures.appending(path: "llama/untied")

    private func model() throws -> LlamaConfiguration { try LlamaCheckpoint.configuration(source) }

    @Test("what is saved is read back equal, under PEFT's names") func roundTrip() throws {
        let configuration = try LoRAConfiguration(
            rank: 3, alpha: 7, dropout: 0.1, targets: [.value, .query, .down], rankStabilized: true)
        let adapter = try LoRAAdapter(random: configuration, for: model(), seed: 3)
        try withScratchFolder { folder in
            try AdapterCheckpoint.save(adapter, to: folder, base: "base/model")
            let loaded = try AdapterCheckpoint.load(folder, for: model())
            #expect(loaded.configuration == configuration)
            #expect(
                loaded.parameters.withUnsafeValues { Array($0) } == adapter.parameters.withUnsafeValues { Array($0) })
            let file = try SafetensorsFile(folder.appending(path: "adapter_model.safetensors"))
            #expect(file["base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"]?.shape == [3, 8])
            #expect(file.metadata["format"] == "pt")
            let json = try JSONSerialization.jsonObject(
                with: Data(contentsOf: folder.appending(path: "adapter_config.json")))
            let fields = try #require(json as? [String: Any])
            #expect(fields["target_modules"] as? [String] == ["q_proj", "v_proj", "down_proj"])
            #expect(fields["r"] as? Int == 3 && fields["lora_alpha"] as? Double == 7)
            #expect(fields["peft_type"] as? String == "LORA" && fields["task_type"] as? String == "CAUSAL_LM")
            #expect(fields["base_model_name_or_path"] as? String == "base/model")
        }
    }

    /// The golden adapter with another configuration field or renamed tensors, and what loading it says.
    private func changed(_ field: String?, _ value: Any?, rename: (String) -> String = { $0 }) throws -> String {
        let adapter = source.appending(path: "adapter")
        let data = try Data(contentsOf: adapter.appending(path: "adapter_config.json"))
        var fields = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        if let field { fields[field] = value }
        let file = try SafetensorsFile(adapter.appending(path: "adapter_model.safetensors"))
        return try withScratchFolder { folder in
            try JSONSerialization.data(withJSONObject: fields)
                .write(to: folder.appending(path: "adapter_config.json"))
            var writer = SafetensorsWriter()
            for entry in file.entries { writer.add(rename(entry.name), try file.tensor(entry.name)) }
            try writer.write(to: folder.appending(path: "adapter_model.safetensors"))
            return message { _ = try AdapterCheckpoint.load(folder, for: model()) } ?? "loaded"
        }
    }

    @Test(
        "features this engine does not compute are named",
        arguments: [
            ("use_dora", "true"), ("bias", "\"all\""), ("modules_to_save", "[\"lm_head\"]"),
            ("rank_pattern", "{\"q_proj\": 4}"), ("alpha_pattern", "{\"q_proj\": 4}"), ("lora_bias", "true"),
            ("fan_in_fan_out", "true"), ("layers_to_transform", "[0]"), ("target_modules", "[\"lm_head\"]"),
            ("target_modules", "\".*proj\""), ("peft_type", "\"IA3\""), ("use_qalora", "true"),
            ("target_parameters", "[\"x\"]"), ("r", "0"), ("r", "\"eight\""), ("lora_alpha", "-1"),
        ])
    func unsupported(_ field: String, _ json: String) throws {
        let value = try JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
        let text = try changed(field, value)
        let words = ["r": "rank", "lora_alpha": "alpha", "target_modules": "target"]
        #expect(text.contains(field) || text.contains(words[field] ?? field), "\(text)")
        #expect(text.contains("adapter_config.json"))
        #expect(text != "loaded")
    }

    @Test("empty and null fields are nothing") func harmless() throws {
        #expect(try changed("modules_to_save", NSNull()) == "loaded")
        #expect(try changed("rank_pattern", [String: Int]()) == "loaded")
        #expect(try changed("target_modules", "all-linear") == "loaded")
    }

    @Test("an adapter whose keys match nothing, or whose rank differs") func mismatch() throws {
        let text = try changed(nil, nil) { $0.replacing("base_model.model.model", with: "model") }
        #expect(text.contains("none of its 28 tensors") && text.contains("base_model.model.model.layers.0"))
        let shapes = try changed("r", 4)
        #expect(shapes.contains("[2, 8]") && shapes.contains("[4, 8]"))
        let extra = try changed("target_modules", ["q_proj"])
        #expect(extra.contains("which adapter_config.json and the model do not have"))
        let renamed = try changed(nil, nil) { $0.replacing("layers.1.mlp.up_proj", with: "layers.9.mlp.up_proj") }
        #expect(renamed.contains("layers.9"))
    }

    @Test("a folder without the safetensors file") func missing() throws {
        try withScratchFolder { folder in
            try FileManager.default.copyItem(
                at: source.appending(path: "adapter/adapter_config.json"),
                to: folder.appending(path: "adapter_config.json"))
            #expect(
                message { _ = try AdapterCheckpoint.load(folder, for: model()) }?
                    .contains("adapter_model.safetensors") == true)
        }
    }
}
