// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("A training is watched while it goes on, and whatever kills it, it ends with the same bytes", .serialized)
struct TrainingTestsSerial {
    /// Rows of the demo's text in three domains, and held-out rows of each.
    private func corpus(_ stack: StackFixture) async throws -> JSONValue {
        let sources: [JSONValue] = ["biomedical", "clinical", "general"].map { name in
            [
                "name": .string(name), "domain": .string(name), "path": .string("demo/corpus/\(name).jsonl"),
                "format": "jsonl",
            ]
        }
        return try await stack.output(
            of: .tokenizeCorpus,
            [
                "tokenizer": try await stack.tokenizer(), "sources": .array(sources),
                "mix": ["biomedical": 15, "clinical": 1, "general": 4], "tokens": 60_000, "sequenceLength": 96,
                "holdout": 0.05, "seed": 1,
            ])
    }

    @Test("bfloat16, from the gateway to a perplexity by domain, of a model in mid-run and of the last")
    func watched() async throws {
        try await StackFixture.with { stack in
            let corpus = try await corpus(stack)
            let (dataset, heldOut) = (try #require(corpus["dataset"]), try #require(corpus["heldOut"]))
            let id = try await stack.gateway.submit(
                "train.pretrain",
                [
                    "model": ["configuration": StackFixture.configuration, "seed": 1], "dataset": dataset,
                    "heldOut": heldOut,
                    "recipe": [
                        "learningRate": 0.003, "schedule": "constant", "warmupSteps": 0, "maxSteps": 480,
                        "microBatch": 4, "accumulation": 2, "precision": "bfloat16", "checkpointEvery": 100,
                        "evaluateEvery": 40, "publishEvery": 80,
                    ],
                ])
            let seen = try await stack.gateway.awaitJob(id, within: .seconds(180)) {
                $0.progress?.published?.isEmpty == false || $0.state.isTerminal
            }
            // A job of its own follows the training: it needs nothing of it but the artifact that was told.
            #expect(seen.state == .running, "\(seen.error?.description ?? "")")
            let early = try #require(seen.progress?.published?.last)
            #expect(early.step % 80 == 0 && early.adapter == nil)
            let model = JSONValue.string(try #require(early.model).text)
            let before = try await perplexity(stack, model, heldOut)
            let figures = try #require(seen.progress?.metrics)
            for name in ["loss", "learningRate", "gradientNorm", "tokensPerSecond", "secondsLeft", "perplexity"] {
                #expect(figures[name] != nil, "\(name) is not told")
            }
            #expect((0.001...1.5).contains(try #require(figures["modelFlopsUtilization"])))
            #expect(figures.keys.contains { $0.hasPrefix("loss.") })
            let domains = ["biomedical", "clinical", "general"]
            for domain in domains { #expect(figures["perplexity.\(domain)"] != nil) }

            let job = try await stack.gateway.awaitJob(id, within: .seconds(180))
            let output = try #require(job.result?.output, "\(job.error?.description ?? "")")
            let summary = try MessageDecoder(policy: .lenient).decode(
                TrainingSummary.self, from: try #require(output["summary"]))
            #expect(summary.evaluations?.map(\.step) == Array(stride(from: 40, through: 480, by: 40)))
            #expect(summary.published?.map(\.step) == [80, 160, 240, 320, 400])
            #expect(summary.published?.first { $0.step == early.step } == early)
            let after = try await perplexity(stack, try #require(output["model"]), heldOut)
            for domain in domains {
                // The trainer scores in bfloat16, inference in float32.
                for (step, scored) in [(early.step, before), (480, after)] {
                    let told = summary.evaluations?.first { $0.step == step }?.perplexityByDomain?[domain]
                    let ratio = try #require(scored[domain]) / (try #require(told))
                    #expect(abs(ratio - 1) < 0.02, "\(domain) at step \(step): \(ratio)")
                }
                #expect(try #require(after[domain]) < 300)
            }
        }
    }

    private func perplexity(
        _ stack: StackFixture, _ model: JSONValue, _ data: JSONValue
    ) async throws -> [String: Double] {
        let output = try await stack.output(of: .evaluatePerplexity, ["model": model, "data": data])
        guard case .object(let domains)? = output["perplexity"] else { throw StackError("no perplexity") }
        return domains.compactMapValues { $0["perplexity"]?.doubleValue }
    }

    @Test("Forty steps, the trainer killed twice at random ones", arguments: ["float32", "bfloat16"])
    func killed(precision: String) async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            // Progress comes with heartbeats: a processor may be through before the second kill, and gets more to do.
            for accumulation in [24, 96, 288, 1152] {
                let isKilledTwice = try await killedTwice(precision, accumulation: accumulation, stack)
                if isKilledTwice { return }
            }
            Issue.record("each training was over before it could be killed twice")
        }
    }

    /// Whether the trainer could be killed twice while it trained; then all is checked.
    private func killedTwice(_ precision: String, accumulation: Int, _ stack: StackFixture) async throws -> Bool {
        let payload: JSONValue = [
            "model": ["configuration": StackFixture.configuration, "seed": 1], "tokens": "tokens.jsonl",
            "recipe": [
                "learningRate": 0.001, "maxSteps": 40, "microBatch": 4, "accumulation": .integer(Int64(accumulation)),
                "sequenceLength": 96, "checkpointEvery": 3, "publishEvery": 10, "precision": .string(precision),
            ],
        ]
        let whole = try await stack.output(of: .trainPretrain, payload)
        let kills = [Int.random(in: 4...16), Int.random(in: 20...30)]
        let id = try await stack.gateway.submit("train.pretrain", payload)
        for step in kills {
            let job = try await stack.gateway.awaitJob(id, within: .seconds(180)) {
                ($0.state == .running && ($0.progress?.step ?? 0) >= step) || $0.state.isTerminal
            }
            guard !job.state.isTerminal else { break }
            try await stack.killAndAwait("trainer")
        }
        let job = try await stack.gateway.awaitJob(id, within: .seconds(180))
        let output = try #require(job.result?.output, "killed at \(kills): \(job.error?.description ?? "")")
        #expect(output["model"] == whole["model"], "killed at \(kills): other weights")
        #expect(output["summary"]?["published"] == whole["summary"]?["published"])
        guard job.crashes == 2 else { return false }
        let summary = try MessageDecoder(policy: .lenient).decode(
            TrainingSummary.self, from: try #require(output["summary"]))
        #expect(try #require(summary.resumedFrom) >= 3 * (kills[1] / 3) - 3)
        #expect(summary.published?.map(\.step) == [10, 20, 30])
        let undisturbed = try MessageDecoder(policy: .lenient).decode(
            TrainingSummary.self, from: try #require(whole["summary"]))
        #expect(summary.lossCurve.map(\.loss) == undisturbed.lossCurve.map(\.loss))
        // A kill between a checkpoint and the record beside it costs the three steps between two checkpoints.
        let told = zip(summary.lossCurve, undisturbed.lossCurve).filter { $0 == $1 }
        #expect(told.count >= 40 - 2 * 3, "the attempts together have told it all")
        return true
    }
}
