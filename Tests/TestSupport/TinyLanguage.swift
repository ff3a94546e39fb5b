// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Foundation
public import Messages

/// A language of a few hundred lines and the models of it, made once a process by the services themselves.
///
/// Its folder holds `text/*.jsonl`, `tokenizer`, `corpus`, `instructions`, `base` (a model), `adapter` and `merged`.
public struct TinyLanguage: Sendable {
    public static let vocabularySize = 320
    public static let contextLength = 512

    /// config.json of the models.
    public static let configuration: JSONValue = [
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 320, "hidden_size": 32,
        "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512, "rms_norm_eps": 0.00001, "rope_theta": 10000, "hidden_act": "silu",
        "bos_token_id": 1, "eos_token_id": 2, "tie_word_embeddings": true,
    ]

    public let desk: ServiceDesk
    public let vocabulary: TokenizeTrain.Output
    public let corpus: TokenizeCorpus.Output
    public let instructions: TokenizeInstructions.Output
    public let base: TrainModel.Output
    public let tuned: TrainModel.Output
    public let merged: MergeAdapter.Output

    private static let made = Result { try TinyLanguage() }

    /// The language; the first caller waits for some seconds.
    public static func shared() throws -> TinyLanguage { try made.get() }

    /// A file or folder of it by name.
    public subscript(name: String) -> URL { desk.folder.appending(path: name) }

    /// Made-up sentences, the same every time.
    public static func sentences(_ count: Int, topic: String) -> [String] {
        let subjects = ["the nurse", "a patient", "the doctor", "our clinic", "this study", "one child"]
        let verbs = ["measures", "reports", "treats", "records", "lowers", "compares"]
        let objects = ["the fever", "a dose of iron", "mild pain", "the heart rate", "new symptoms", "sleep"]
        return (0..<count).map { index in
            let sentence =
                "\(subjects[index % 6]) \(verbs[index / 6 % 6]) \(objects[index / 36 % 6]) in \(topic) \(index)"
            return "\(sentence), then \(subjects[(index + 3) % 6]) \(verbs[(index * 5 + 1) % 6]) it again."
        }
    }

    private init() throws {
        desk = try ServiceDesk()
        for (name, count) in [("biomedical", 220), ("clinical", 60), ("general", 120)] {
            let lines = Self.sentences(count, topic: "\(name) case")
            try desk.write("text/\(name).jsonl", lines.map { #"{"text": "\#($0)"}"# + "\n" }.joined())
        }
        let samples = (0..<24).map {
            let answer = $0 % 2 == 0 ? "yes" : "no"
            return #"{"instruction": "Answer with yes or no, case \#($0).", "input": "", "output": "\#(answer)"}"#
        }
        try desk.write("text/samples.json", "[\(samples.joined(separator: ",\n"))]")
        vocabulary = try desk.output(
            "tokenizer", .tokenizeTrain, of: TokenizeTrain.self,
            ["sources": ["text/*.jsonl"], "vocabularySize": 320, "output": "tokenizer"])
        let sources: [JSONValue] = ["biomedical", "clinical", "general"].map { name in
            [
                "name": .string(name), "domain": .string(name), "path": .string("text/\(name).jsonl"),
                "format": "jsonl",
            ]
        }
        corpus = try desk.output(
            "tokenizer", .tokenizeCorpus, of: TokenizeCorpus.self,
            [
                "tokenizer": "tokenizer", "sources": .array(sources), "tokens": 3000, "sequenceLength": 48,
                "holdout": 0.1, "seed": 3, "output": "corpus",
            ])
        instructions = try desk.output(
            "tokenizer", .tokenizeInstructions, of: TokenizeInstructions.self,
            [
                "tokenizer": "tokenizer", "sequenceLength": 96, "output": "instructions",
                "sources": [["name": "samples", "format": "jsonl", "path": "text/samples.json"]],
            ])
        base = try desk.output(
            "trainer", .trainPretrain, of: TrainModel.self,
            [
                "model": ["configuration": Self.configuration, "seed": 5], "dataset": "corpus/dataset",
                "output": "base",
                "recipe": ["maxSteps": 6, "learningRate": 0.01, "microBatch": 4, "accumulation": 1, "warmupSteps": 0],
            ])
        tuned = try desk.output(
            "trainer", .trainTune, of: TrainModel.self,
            [
                "model": "base", "dataset": "instructions", "output": "adapter",
                "recipe": [
                    "maxSteps": 4, "learningRate": 0.01, "microBatch": 2, "accumulation": 1, "lora": ["rank": 4],
                ],
            ])
        merged = try desk.output(
            "trainer", .trainMerge, of: MergeAdapter.self,
            ["model": "base", "adapter": "adapter", "output": "merged"])
        // The folder outlives every test: it goes with the process.
        TinyLanguageFolder.path = desk.folder.path
        atexit { try? FileManager.default.removeItem(atPath: TinyLanguageFolder.path) }
    }
}

/// What is removed at exit.
private enum TinyLanguageFolder {
    /// Written once, before the only reader is registered.
    nonisolated(unsafe) static var path = ""
}
