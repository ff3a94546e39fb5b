// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import TestSupport
import Testing

/// A training job of two ranks on the whole stack, one of which is killed.
@Suite(
    "A dead rank costs an attempt, which goes on from the checkpoint", .serialized,
    .enabled(if: RankProcesses.areOffered, "mpirun is not installed"))
struct RankTestsSerial {
    private static let steps = 120

    private static let recipe = """
        version: 1
        name: ranks
        stages:
          base:
            kind: train.pretrain
            payload:
              model:
                configuration: {architectures: [LlamaForCausalLM], model_type: llama, vocab_size: 512,
                  hidden_size: 192, intermediate_size: 512, num_hidden_layers: 4, num_attention_heads: 4,
                  num_key_value_heads: 2, max_position_embeddings: 512, rms_norm_eps: 0.00001, rope_theta: 10000,
                  hidden_act: silu, bos_token_id: 1, eos_token_id: 2, tie_word_embeddings: true}
                seed: 1
              tokens: rows.jsonl
              recipe: {ranks: 2, maxSteps: \(steps), microBatch: 4, accumulation: 1, checkpointEvery: 3}
        """

    @Test(arguments: [0, 1])
    func rank(number: Int) async throws {
        let rows = (0..<64).map { row in
            let ids = (0..<128).map { String(3 + (row * 31 + $0 * 7) % 500) }.joined(separator: ",")
            return "{\"input_ids\": [\(ids)], \"labels\": [\(ids)]}\n"
        }
        try await StackFixture.with(prepare: { folder in
            try Data(rows.joined().utf8).write(to: URL(filePath: "\(folder)/rows.jsonl"))
        }) { stack in
            let id = try await stack.gateway.submit(recipe: Self.recipe)
            _ = try await stack.gateway.awaitRun(id) { ($0["base"]?.progress?.step ?? 0) > 8 }
            let place = URL(filePath: stack.folder).resolvingSymlinksInPath()
            kill(try #require(RankProcesses.below(place)[number]), SIGKILL)
            let run = try await stack.gateway.awaitRun(id)
            #expect(run.state == .succeeded, "\(run.stages.compactMap(\.error))")
            let base = try #require(run["base"])
            #expect(base.crashes == 0 && base.attempts == 1)
            let summary = try MessageDecoder(policy: .lenient).decode(
                TrainingSummary.self, from: try #require(base.result?.output?["summary"]))
            let resumed = try #require(summary.resumedFrom, "trained from the start again")
            #expect(resumed >= 6 && resumed < Self.steps && summary.steps == Self.steps)
            #expect(RankProcesses.below(place).isEmpty)
        }
    }
}
