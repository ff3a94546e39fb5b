// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages

/// Small things that tests need before they can ask for what they test.
extension StackFixture {
    /// A model of a few hundred thousand parameters over 512 ids.
    static let configuration: JSONValue = [
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 512, "hidden_size": 96,
        "intermediate_size": 256, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512, "rms_norm_eps": 0.00001, "rope_theta": 10_000, "hidden_act": "silu",
        "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": true,
    ]

    /// A file of token ids to train on, for `prepare`.
    static func writeTokens(to folder: String) throws {
        let rows = (0..<64).map { row in
            let ids = (0..<96).map { String((row * 31 + $0 * 17) % 500 + 3) }.joined(separator: ", ")
            return "{\"input_ids\": [\(ids)], \"labels\": [\(ids)]}\n"
        }
        try Data(rows.joined().utf8).write(to: URL(filePath: "\(folder)/tokens.jsonl"))
    }

    /// The payload of a training of so many steps on `tokens.jsonl`; a step takes milliseconds.
    static func training(steps: Int) -> JSONValue {
        [
            "model": ["configuration": configuration, "seed": 1], "tokens": "tokens.jsonl",
            "recipe": [
                "learningRate": 0.001, "maxSteps": .integer(Int64(steps)), "microBatch": 4, "accumulation": 1,
                "sequenceLength": 96, "checkpointEvery": 50, "schedule": "constant",
            ],
        ]
    }

    /// The output of a job that must succeed.
    func output(of kind: JobKind, _ payload: JSONValue) async throws -> JSONValue {
        let job = try await gateway.awaitJob(try await gateway.submit(kind, payload))
        guard job.state == .succeeded, let output = job.result?.output else {
            throw StackError("\(kind) \(job.state): \(job.error?.description ?? "no error told")")
        }
        return output
    }

    /// A vocabulary of 512 pieces, from the demo's text.
    func tokenizer() async throws -> JSONValue {
        let output = try await output(
            of: .tokenizeTrain, ["sources": ["demo/corpus/clinical.jsonl"], "vocabularySize": 512])
        guard let tokenizer = output["tokenizer"] else { throw StackError("no tokenizer in the output") }
        return tokenizer
    }

    /// A model without a tokenizer, from `tokens.jsonl`.
    func model() async throws -> JSONValue {
        guard let model = try await output(of: .trainPretrain, Self.training(steps: 1))["model"] else {
            throw StackError("no model in the output")
        }
        return model
    }
}
