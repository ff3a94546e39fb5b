// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// A recipe of about ten seconds through every service, each stage long enough to be hit in its middle, and the text
/// that it reads.
enum Workload {
    static let steps = 24
    static let checkpointEvery = 3

    /// Pseudo-random syllables: much text of many words takes a vocabulary's training a second, and means nothing.
    static func write(to folder: String) throws {
        var state: UInt64 = 1
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let consonants = Array("bcdfghklmnprstv".utf8)
        let vowels = Array("aeiou".utf8)
        let words = (0..<250_000).map { _ in
            (0...next(4)).flatMap { _ in [consonants[next(consonants.count)], vowels[next(vowels.count)]] }
        }
        for (domain, documents) in [("biomedical", 9_000), ("clinical", 1_100), ("general", 3_000)] {
            var text = Data()
            for _ in 0..<documents {
                text += Data("{\"text\": \"".utf8)
                for _ in 0..<110 {
                    // The product of two uniform numbers is small more often than not, as ranks of words are.
                    text += words[next(words.count) * next(1_000) / 1_000]
                    text.append(UInt8(ascii: " "))
                }
                text += Data("end.\"}\n".utf8)
            }
            try text.write(to: URL(filePath: "\(folder)/\(domain).jsonl"))
        }
    }

    static let recipe = """
        version: 1
        name: workload
        stages:
          vocabulary:
            kind: tokenize.train
            payload: {sources: [biomedical.jsonl, clinical.jsonl, general.jsonl], vocabularySize: 4096}
          corpus:
            kind: tokenize.corpus
            payload:
              tokenizer: "${vocabulary.tokenizer}"
              sources:
                - {name: biomedical, domain: biomedical, path: biomedical.jsonl, format: jsonl}
                - {name: clinical, domain: clinical, path: clinical.jsonl, format: jsonl}
                - {name: general, domain: general, path: general.jsonl, format: jsonl}
              mix: {biomedical: 15, clinical: 1, general: 4}
              tokens: 400000
              sequenceLength: 128
              holdout: 0.01
              seed: 1
          base:
            kind: train.pretrain
            payload:
              model:
                configuration:
                  architectures: [LlamaForCausalLM]
                  model_type: llama
                  vocab_size: 4096
                  hidden_size: 192
                  intermediate_size: 512
                  num_hidden_layers: 4
                  num_attention_heads: 4
                  num_key_value_heads: 2
                  max_position_embeddings: 512
                  rms_norm_eps: 0.00001
                  rope_theta: 10000
                  hidden_act: silu
                  bos_token_id: 1
                  eos_token_id: 2
                  tie_word_embeddings: true
                seed: 1
              dataset: "${corpus.dataset}"
              recipe:
                learningRate: 0.003
                maxSteps: \(steps)
                microBatch: 4
                accumulation: 1
                sequenceLength: 128
                checkpointEvery: \(checkpointEvery)
          perplexity:
            kind: evaluate.perplexity
            payload: {model: "${base.model}", data: "${corpus.heldOut}"}
          answers:
            kind: evaluate.task
            payload:
              model: "${base.model}"
              task: pubmedqa
              data: demo/benchmark/pubmedqa.json
              mode: loglikelihood
              limit: 120
          report:
            kind: report.build
            payload:
              title: Workload
              results:
                - label: base
                  evaluations: ["${answers.result}"]
                  perplexity: "${perplexity.perplexity}"
                  training: "${base.summary}"
        """
}
