// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@testable import mellama

@Suite("A plan counts what can be counted and says what can't")
struct PlanTests {
    static let llama7B: JSONValue = [
        "model_type": "llama", "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008,
        "num_hidden_layers": 32, "num_attention_heads": 32, "max_position_embeddings": 4096, "rms_norm_eps": 0.00001,
        "hidden_act": "silu",
    ]

    /// A plan of one tuning of a model, on a data set that is not known.
    private func tuning(_ configuration: JSONValue, lora: JSONValue, memory: Double? = nil) throws -> Plan {
        try Self.plan(
            [
                "version": 1, "name": "r",
                "stages": [
                    "tuned": [
                        "kind": "train.tune",
                        "payload": [
                            "model": ["configuration": configuration], "tokens": "not-here.jsonl",
                            "recipe": ["maxSteps": 1, "sequenceLength": 64, "lora": lora],
                        ],
                    ]
                ],
            ], memory: memory)
    }

    @Test("LLaMA-2's published sizes and PEFT's adapter of rank 8 on the 7B model are met exactly")
    func parameters() throws {
        // 6,738,415,616 and 13,015,864,320: the sums of the tensors of the published checkpoints.
        let small = try #require(try tuning(Self.llama7B, lora: ["rank": 8]).stages.first)
        #expect(small.parameters == 6_738_415_616 && small.trainedParameters == 19_988_480)
        let two = try #require(
            try tuning(Self.llama7B, lora: ["rank": 8, "targets": ["q_proj", "v_proj"]]).stages.first)
        #expect(two.trainedParameters == 4_194_304)
        let large = Self.llama7B.with([
            "hidden_size": 5120, "intermediate_size": 13_824, "num_hidden_layers": 40, "num_attention_heads": 40,
        ])
        #expect(try tuning(large, lora: ["rank": 8]).stages.first?.parameters == 13_015_864_320)
        let grouped = Self.llama7B.with([
            "hidden_size": 8192, "intermediate_size": 28_672, "num_hidden_layers": 80, "num_attention_heads": 64,
            "num_key_value_heads": 8,
        ])
        #expect(try tuning(grouped, lora: ["rank": 8]).stages.first?.parameters == 68_976_648_192)
    }

    @Test("A stage that can't fit is named, with what it takes and what there is; one that fits is not")
    func limits() throws {
        let plan = try tuning(Self.llama7B, lora: ["rank": 8], memory: 16e9)
        #expect(plan.stages.first?.fits == false)
        let error = #expect(throws: MellamaError.self) { try PlanCommand.judge(plan) }
        let text = try #require(error?.description)
        #expect(text.contains("stage tuned takes 2") && text.contains("14.9 GiB are available"), "\(text)")
        #expect(text.contains("recompute: block") && text.contains("--memory"))
        let roomy = try tuning(Self.llama7B, lora: ["rank": 8], memory: 64e9)
        #expect(roomy.stages.first?.fits == true)
        try PlanCommand.judge(roomy)
        let parts = try #require(roomy.stages.first?.memory)
        #expect(parts["weights"] == 4 * 6_738_415_616)
        #expect(Double(parts.values.reduce(0, +)) == roomy.stages.first?.memoryBytes)
        #expect(PlanTable.text(roomy).contains("  tuned: weights 25.1 GiB, "))
    }

    @Test("A recipe's mistakes are named by their stage")
    func mistakes() throws {
        let error = #expect(throws: MessageError.self) { try tuning(Self.llama7B, lora: ["rang": 8]) }
        #expect(error?.path.hasPrefix("stages.tuned.payload.recipe") == true, "\(String(describing: error))")
    }

    static let recipe: JSONValue = [
        "version": 1, "name": "r",
        "stages": [
            "vocabulary": ["kind": "tokenize.train", "payload": ["sources": ["a"], "vocabularySize": 512]],
            "corpus": [
                "kind": "tokenize.corpus",
                "payload": [
                    "tokenizer": "${vocabulary.tokenizer}", "tokens": 100_000, "sequenceLength": 128,
                    "sources": [["name": "n", "domain": "general", "path": "a", "format": "text"]],
                ],
            ],
            "base": [
                "kind": "train.pretrain",
                "payload": [
                    "model": ["configuration": llama7B, "seed": 1], "dataset": "${corpus.dataset}",
                    "recipe": ["epochs": 2, "microBatch": 4, "accumulation": 2, "sequenceLength": 128],
                ],
            ],
            "tuned": [
                "kind": "train.tune",
                "payload": [
                    "model": "${base.model}", "dataset": "${corpus.dataset}",
                    "recipe": [
                        "maxSteps": 10, "microBatch": 1, "accumulation": 1, "sequenceLength": 64,
                        "lora": ["rank": 8],
                    ],
                ],
            ],
            "answers": [
                "kind": "evaluate.task", "payload": ["model": "${tuned.model}", "task": "pubmedqa", "data": "d"],
            ],
        ],
    ]

    static func plan(_ recipe: JSONValue, tokensPerSecond: Double? = nil, memory: Double? = nil) throws -> Plan {
        let decoded = try MessageDecoder(policy: .strict).decode(Recipe.self, from: recipe)
        let assumptions = Plan.Assumptions(
            tokensPerSecond: tokensPerSecond, flopsPerSecond: 1e12, pricePerHour: 2, availableBytes: memory)
        return try Planner(recipe: decoded, folder: "/", assumptions: assumptions).plan()
    }

    @Test("Steps, tokens, FLOPs, hours and cost follow from the recipe")
    func stages() throws {
        let plan = try Self.plan(Self.recipe)
        let base = try #require(plan.stages.first { $0.stage == "base" })
        // 2 epochs of 100,000 tokens in steps of 4 · 2 · 128 = 1024: 195.3, so 196.
        #expect(base.steps == 196)
        #expect(base.tokens == Double(196 * 1024))
        // 6 for each weight of a product (all but the embedding and 65 norms), 12 for each pair, layer and width.
        let products = 6_738_415_616 - (32_000 + 65) * 4096
        let attention = 12 * 32 * 4096 * 129 / 2
        #expect(base.flops == Double((6 * products + attention) * 196 * 1024))
        #expect(base.hours == base.flops.map { $0 / 1e12 / 3600 })
        #expect(base.cost == base.hours.map { $0 * 2 })
        #expect(try #require(base.memoryBytes) > 16 * 6_738_415_616)
        let tuned = try #require(plan.stages.first { $0.stage == "tuned" })
        #expect(tuned.parameters == base.parameters)
        #expect(tuned.trainedParameters == 19_988_480)
        #expect(tuned.flops == Double((4 * products + 6 * 19_988_480 + 12 * 32 * 4096 * 65 / 2) * 640))
        #expect(try #require(tuned.memoryBytes) < 6 * 6_738_415_616)
        #expect(plan.flops == (base.flops ?? 0) + (tuned.flops ?? 0))
        #expect(plan.stages.first { $0.stage == "answers" }?.unknown.isEmpty == false)
    }

    @Test("A stated speed decides the hours")
    func speed() throws {
        let plan = try Self.plan(Self.recipe, tokensPerSecond: 640)
        #expect(plan.stages.first { $0.stage == "tuned" }?.hours == 1.0 / 3600)
    }

    @Test("What is not stated is said to be unknown, not guessed")
    func unknowns() throws {
        let recipe = Self.recipe.with([
            "stages": [
                "base": [
                    "kind": "train.pretrain",
                    "payload": [
                        "model": "sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
                        "dataset": "sha256:6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
                        "recipe": ["epochs": 1],
                    ],
                ]
            ]
        ])
        let stage = try #require(try Self.plan(recipe).stages.first)
        #expect(stage.tokens == nil && stage.flops == nil && stage.hours == nil && stage.parameters == nil)
        #expect(stage.unknown.contains { $0.hasPrefix("steps") })
        #expect(stage.unknown.contains { $0.hasPrefix("parameters") })
    }

    @Test("The table and the JSON carry the same sums")
    func output() throws {
        let plan = try Self.plan(Self.recipe)
        let table = PlanTable.text(plan)
        #expect(table.contains("counted when it runs (2 x parameters FLOPs a token): answers.\n"))
        #expect(table.contains("tuned"))
        let value = try MessageEncoder.value(plan)
        #expect(value["flops"]?.doubleValue == plan.flops)
        #expect(value["cost"]?.doubleValue == plan.cost)
    }
}

extension JSONValue {
    /// The object with these members set.
    fileprivate func with(_ members: [String: JSONValue]) -> JSONValue {
        guard case .object(let own) = self else { return self }
        return .object(own.merging(members) { $1 })
    }
}
