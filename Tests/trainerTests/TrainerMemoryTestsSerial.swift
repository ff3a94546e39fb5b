// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("The trainer keeps to the memory that was planned", .serialized, .timeLimit(.minutes(5)))
struct TrainerMemoryTestsSerial {
    /// 20 million weights: enough that the program itself hardly counts.
    private static let configuration: JSONValue = [
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 8_000, "hidden_size": 384,
        "intermediate_size": 1_024, "num_hidden_layers": 8, "num_attention_heads": 6, "max_position_embeddings": 2_048,
        "rms_norm_eps": 0.00001, "hidden_act": "silu", "bos_token_id": 1, "eos_token_id": 2,
    ]

    private func peak(_ result: JobResult?) throws -> Double { try #require(result?.metrics["peakMemoryBytes"]) }

    @Test(
        "mellama plan says it to 15 parts in a hundred, checkpoints and published models included",
        arguments: ["float32", "bfloat16"], [JSONValue.null, ["rank": 8, "dropout": 0.1]])
    func planned(precision: String, lora: JSONValue) throws {
        let desk = try ServiceDesk()
        let rows = (0..<8).map { row in
            let ids = (0..<512).map { String((row * 131 + $0 * 17) % 7_900 + 3) }.joined(separator: ", ")
            return "{\"input_ids\": [\(ids)], \"domain\": \"clinical\"}\n"
        }
        try desk.write("rows.jsonl", rows.joined())
        let payload: JSONValue = [
            "model": ["configuration": Self.configuration, "seed": 1], "tokens": "rows.jsonl",
            "recipe": [
                "maxSteps": 4, "microBatch": 2, "accumulation": 2, "precision": .string(precision), "lora": lora,
                "checkpointEvery": 2, "publishEvery": 2,
            ],
        ]
        let recipe: JSONValue = [
            "version": 1, "name": "one", "stages": ["base": ["kind": "train.pretrain", "payload": payload]],
        ]
        let file = try desk.write("recipe.json", MessageEncoder.encode(recipe))
        let plan = try ServiceProcess.run(["plan", file.path, "--json"], name: "mellama")
        try #require(plan.status == 0, "\(plan.errors)")
        guard case .array(let stages)? = try MessageDecoder.parse(Data(plan.output.utf8))["stages"] else {
            throw POSIXError(.EBADMSG)
        }
        let planned = try #require(stages.first?["memoryBytes"]?.doubleValue)
        let outcome = try desk.run("trainer", .trainPretrain, payload)
        try #require(outcome.status == 0, "\(outcome.errors)")
        let most = try peak(outcome.result)
        #expect(planned / most > 0.85 && planned / most < 1.15, "planned \(planned), peak \(most)")
        #expect(outcome.result?.metrics["plannedMemoryBytes"] == planned)
    }

    @Test("and of an adapter over a base in Q8_0, read from its folder or from the stage that makes it")
    func plannedOverBlocks() throws {
        let desk = try ServiceDesk()
        let ids = (0..<512).map { String($0 * 17 % 7_900 + 3) }.joined(separator: ", ")
        try desk.write("rows.jsonl", String(repeating: "{\"input_ids\": [\(ids)]}\n", count: 4))
        let made = try desk.run(
            "trainer", .trainPretrain,
            [
                "model": ["configuration": Self.configuration, "seed": 1], "tokens": "rows.jsonl", "output": "base",
                "recipe": ["maxSteps": 1, "learningRate": 0.00001],
            ])
        try #require(made.status == 0, "\(made.errors)")
        let quantized = try desk.run("trainer", .modelQuantize, ["model": "base", "output": "q8"])
        try #require(quantized.status == 0, "\(quantized.errors)")
        func tune(_ model: JSONValue) -> JSONValue {
            [
                "model": model, "tokens": "rows.jsonl",
                "recipe": [
                    "maxSteps": 2, "microBatch": 1, "accumulation": 1, "precision": "bfloat16", "recompute": "block",
                ],
            ]
        }
        let recipe: JSONValue = [
            "version": 1, "name": "two",
            "stages": [
                "quantize": ["kind": "model.quantize", "payload": ["model": "base"]],
                "made": ["kind": "train.tune", "payload": tune("${quantize.model}")],
                "there": ["kind": "train.tune", "payload": tune("q8")],
            ],
        ]
        let file = try desk.write("recipe.json", MessageEncoder.encode(recipe))
        let plan = try ServiceProcess.run(["plan", file.path, "--json"], name: "mellama")
        try #require(plan.status == 0, "\(plan.errors)")
        guard case .array(let stages)? = try MessageDecoder.parse(Data(plan.output.utf8))["stages"] else {
            throw POSIXError(.EBADMSG)
        }
        func planned(_ name: String) throws -> Double {
            let stage = stages.first { $0["stage"] == .string(name) }
            return try #require(stage?["memoryBytes"]?.doubleValue)
        }
        #expect(try planned("made") == planned("there"))
        let outcome = try desk.run("trainer", .trainTune, tune("q8"))
        try #require(outcome.status == 0, "\(outcome.errors)")
        let (most, said) = (try peak(outcome.result), try planned("there"))
        #expect(said / most > 0.85 && said / most < 1.15, "planned \(said), peak \(most)")
        #expect(outcome.result?.metrics["plannedMemoryBytes"] == said)
    }

    /// A dataset folder of rows of zeros, by the format's description: they take no room on disk.
    private func dataset(rows: Int, length: Int, _ name: String, on desk: ServiceDesk) throws {
        var bytes = Data("MELLATOK".utf8)
        func put<Value: FixedWidthInteger>(_ value: Value) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for value in [1, 0, 8_000, UInt32(length)] { put(value) }
        for value in [rows, rows * length, rows, 0, 0] { put(UInt64(value)) }
        for row in 0...rows {
            put(UInt64(row * length))
            put(UInt64(row))
            put(UInt32.max)
            put(UInt32(0))
        }
        let url = try desk.write("\(name)/all.tokens", bytes)
        let size = bytes.count + 4 * rows + 2 * rows * length
        guard truncate(url.path, size) == 0 else { throw POSIXError(.EIO) }
        let manifest: JSONValue = [
            "format": "mellama-token-dataset", "version": 1, "tokenizerDigest": "", "vocabularySize": 8_000,
            "sequenceLength": .integer(Int64(length)), "packing": "documents", "domains": [:], "sources": [:],
            "counts": [
                "sequences": .integer(Int64(rows)), "tokens": .integer(Int64(rows * length)), "trainedTokens": 0,
                "textBytes": 0,
            ],
            "shards": [
                [
                    "file": "all.tokens", "digest": "", "sequences": .integer(Int64(rows)),
                    "bytes": .integer(Int64(size)),
                ]
            ],
        ]
        try desk.write("\(name)/dataset.json", MessageEncoder.encode(manifest))
    }

    @Test("512 MB of token shards take no more of it than 16 MB: they are streamed")
    func streamed() throws {
        let desk = try ServiceDesk()
        var peaks: [Double] = []
        for (name, rows) in [("small", 4_096), ("large", 131_072)] {
            try dataset(rows: rows, length: 2_048, name, on: desk)
            let outcome = try desk.run(
                "trainer", .trainPretrain,
                [
                    "model": ["configuration": Self.configuration, "seed": 1], "dataset": .string(name),
                    "recipe": ["maxSteps": 2, "microBatch": 1, "accumulation": 1, "learningRate": 0.00001],
                ])
            try #require(outcome.status == 0, "\(outcome.errors)")
            peaks.append(try peak(outcome.result))
        }
        // Numbers of rows and the window of mapped pages, against half a gigabyte.
        #expect(peaks[1] < peaks[0] + Double(48 << 20), "\(peaks)")
    }

    @Test("A model that can't fit is refused before it is loaded, with what would help")
    func refused() throws {
        let desk = try ServiceDesk()
        try desk.write("rows.jsonl", #"{"input_ids": [1, 2, 3]}"#)
        guard case .object(var configuration) = Self.configuration else { return }
        // 70 billion weights in a folder that has none: its size is known from config.json.
        for (name, value) in [("hidden_size", 8_192), ("intermediate_size", 28_672), ("num_hidden_layers", 80)] {
            configuration[name] = .integer(Int64(value))
        }
        configuration["num_attention_heads"] = 64
        try desk.write("huge/config.json", MessageEncoder.encode(JSONValue.object(configuration)))
        let faults = try desk.faults(
            of: "trainer", refusing: .trainPretrain,
            ["model": "huge", "tokens": "rows.jsonl", "recipe": ["maxSteps": 1]],
            saying: ["memory", "at least", "are available", "train an adapter (lora)"])
        #expect(faults == [])
    }
}
