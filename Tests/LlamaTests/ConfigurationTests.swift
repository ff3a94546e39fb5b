// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Tensors
import Testing

@Suite("config.json is read in both spellings and refused where it asks for something else")
struct ConfigurationTests {
    private let base: [String: Any] = [
        "model_type": "llama", "vocab_size": 100, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4,
    ]

    private func decode(_ changes: [String: Any]) throws -> LlamaConfiguration {
        let data = try JSONSerialization.data(withJSONObject: base.merging(changes) { $1 })
        return try LlamaCheckpoint.configuration(data)
    }

    @Test("defaults of a LLaMA-2 era file")
    func older() throws {
        let c = try decode(["rope_theta": 500, "rope_scaling": NSNull(), "torch_dtype": "float16", "eos_token_id": 2])
        #expect(c.keyValueHeadCount == 4 && c.headDimension == 16 && c.ropeTheta == 500 && c.ropeScaling == .none)
        #expect(c.rmsNormEpsilon == 1e-6 && c.maxPositions == 2048 && !c.tieWordEmbeddings)
        #expect(c.endOfSequenceIDs == [2] && c.beginOfSequenceID == nil)
    }

    @Test("the newer spelling, several end ids, an explicit head width")
    func newer() throws {
        let rope: [String: Any] = [
            "rope_type": "llama3", "rope_theta": 5e5, "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
            "original_max_position_embeddings": 8192,
        ]
        let c = try decode(["rope_parameters": rope, "head_dim": 32, "num_key_value_heads": 2, "eos_token_id": [5, 6]])
        #expect(c.headDimension == 32 && c.queryWidth == 128 && c.keyValueWidth == 64 && c.groupSize == 2)
        #expect(c.ropeTheta == 5e5 && c.endOfSequenceIDs == [5, 6])
        #expect(
            c.ropeScaling
                == .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 8192))
    }

    @Test("Mistral: what is absent has its class's defaults, null is no window")
    func mistral() throws {
        let c = try decode(["model_type": "mistral", "num_attention_heads": 16])
        #expect(c.slidingWindow == 4096 && c.keyValueHeadCount == 8 && c.maxPositions == 131072)
        let plain = try decode([
            "model_type": "mistral", "num_key_value_heads": NSNull(), "sliding_window": NSNull(),
        ])
        #expect(plain.slidingWindow == nil && plain.keyValueHeadCount == 4)
        #expect(try decode(["sliding_window": 5]).slidingWindow == nil, "a Llama has none")
        #expect(throws: LlamaError.self) { try decode(["model_type": "mistral", "sliding_window": 0]) }
    }

    @Test("what is written is read back equal, in both spellings at once", arguments: GoldenModel.all)
    func roundTrip(_ golden: GoldenModel) throws {
        let c = try LlamaCheckpoint.configuration(golden.folder)
        let data = try LlamaCheckpoint.configurationData(c, type: .bfloat16)
        #expect(try LlamaCheckpoint.configuration(data) == c)
        let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(object["dtype"] as? String == "bfloat16" && object["torch_dtype"] as? String == "bfloat16")
        #expect(object["rope_theta"] as? Double == c.ropeTheta && object["rope_parameters"] != nil)
        // transformers wants floats written as floats.
        let text = try #require(String(data: data, encoding: .utf8))
        #expect(text.contains("\"attention_dropout\" : 0.0,") && !text.contains("\"rope_theta\" : 500,"))
        #expect(text.contains("\"hidden_size\" : \(c.hiddenSize),"))
        #expect(object["architectures"] as? [String] == ["LlamaForCausalLM"])
    }

    @Test(
        "a field that is out of range, contradicts or is not supported is named",
        arguments: [
            ("vocab_size", "0"), ("vocab_size", "-5"), ("vocab_size", "4611686018427387904"),
            ("vocab_size", "\"many\""),
            ("vocab_size", "1e300"), ("vocab_size", "2.5"), ("hidden_size", "9223372036854775807"),
            ("num_attention_heads", "0"), ("num_attention_heads", "3"), ("num_hidden_layers", "1000000000"),
            ("num_key_value_heads", "3"), ("num_key_value_heads", "8"), ("num_key_value_heads", "0"),
            ("head_dim", "7"), ("head_dim", "0"), ("head_dim", "4611686018427387904"), ("intermediate_size", "-1"),
            ("max_position_embeddings", "0"), ("rms_norm_eps", "0"), ("rms_norm_eps", "-1"), ("rope_theta", "0"),
            ("rope_theta", "-10000"), ("initializer_range", "0"), ("hidden_act", "\"gelu\""),
            ("attention_bias", "true"), ("mlp_bias", "true"), ("attention_dropout", "0.1"),
            ("model_type", "\"qwen2\""), ("model_type", "\"gemma2\""), ("model_type", "\"phi3\""),
            ("architectures", "[\"MistralForCausalLM\"]"),
            ("quantization_config", "{\"bits\": 4}"), ("rope_scaling", "{\"type\": \"linear\", \"factor\": 0}"),
            ("rope_scaling", "{\"type\": \"linear\"}"), ("rope_scaling", "{\"type\": \"longrope\"}"),
            ("rope_scaling", "{\"rope_type\": \"yarn\"}"), ("rope_scaling", "{\"rope_type\": \"llama3\"}"),
            ("rope_parameters", "{\"rope_type\": \"dynamic\"}"), ("bos_token_id", "9223372036854775807"),
        ])
    func refused(_ field: String, _ value: String) throws {
        let fields = base.merging([field: "@"]) { $1 }
        let json = try JSONSerialization.data(withJSONObject: fields)
        let text = try #require(String(data: json, encoding: .utf8)).replacing("\"@\"", with: value)
        do {
            _ = try LlamaCheckpoint.configuration(Data(text.utf8))
            Issue.record("\(field) = \(value) was accepted")
        } catch {
            let message = "\(error)"
            #expect(message.contains("rope") ? field.contains("rope") : message.contains(field), "\(message)")
            #expect(!message.contains("\n"))
        }
    }

    @Test("missing fields are named", arguments: ["vocab_size", "hidden_size", "num_hidden_layers"])
    func missing(_ field: String) throws {
        var fields = base
        fields[field] = nil
        let data = try JSONSerialization.data(withJSONObject: fields)
        do {
            _ = try LlamaCheckpoint.configuration(data)
            Issue.record("accepted without \(field)")
        } catch { #expect("\(error)".contains("\(field) is missing")) }
    }

    @Test("two spellings that disagree are refused")
    func contradiction() {
        #expect(throws: LlamaError.self) {
            try decode(["rope_theta": 1000, "rope_parameters": ["rope_type": "default", "rope_theta": 2000]])
        }
        #expect(throws: (any Error).self) { try LlamaCheckpoint.configuration(Data("[1, 2".utf8)) }
    }
}
