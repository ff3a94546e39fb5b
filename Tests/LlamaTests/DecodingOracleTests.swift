// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite(
    "Decoding with a cache gives transformers' tokens and scores",
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct DecodingOracleTests {
    struct Generation: Decodable {
        struct Run: Decodable {
            struct Step: Decodable {
                let id: Int32
                let logprob: Double
                let topIDs: [Int]
                let topLogprobs: [Double]

                enum CodingKeys: String, CodingKey {
                    case id
                    case logprob
                    case topIDs = "top_ids"
                    case topLogprobs = "top_logprobs"
                }
            }

            let prompt: [Int32]
            let newIDs: [Int32]
            let steps: [Step]

            enum CodingKeys: String, CodingKey {
                case prompt
                case newIDs = "new_ids"
                case steps
            }
        }

        let runs: [Run]
    }

    struct Context: Decodable {
        struct Continuation: Decodable {
            let ids: [Int32]
            let sum: Double
            let logprobs: [Double]
            let isGreedy: Bool

            enum CodingKeys: String, CodingKey {
                case ids
                case sum = "sum_logprob"
                case logprobs
                case isGreedy = "is_greedy"
            }
        }

        let context: [Int32]
        let continuations: [Continuation]
    }

    @Test("greedy ids exactly, log-probabilities to 1e-4", arguments: OracleModel.all)
    func greedy(_ oracle: OracleModel) throws {
        let model = try oracle.model()
        let file: Generation = try oracle.folder.appending(path: "generate.json").json()
        #expect(!file.runs.isEmpty)
        for run in file.runs {
            let cache = try KVCache(model.configuration, capacity: run.prompt.count + run.newIDs.count)
            var next = run.prompt
            for step in run.steps {
                let logits = try model.extend(next, cache: cache)
                let scores = logProbabilities(logits, row: 0)
                #expect(greedyToken(logits, row: 0) == step.id)
                #expect(abs(scores[Int(step.id)] - step.logprob) < 1e-4)
                for (id, logprob) in zip(step.topIDs, step.topLogprobs) {
                    #expect(abs(scores[id] - logprob) < 1e-4)
                }
                next = [step.id]
            }
        }
    }

    @Test("all runs decoded side by side give the same ids", arguments: OracleModel.all)
    func together(_ oracle: OracleModel) throws {
        let model = try oracle.model()
        let file: Generation = try oracle.folder.appending(path: "generate.json").json()
        let caches = try file.runs.map {
            try KVCache(model.configuration, capacity: $0.prompt.count + $0.newIDs.count)
        }
        var next = file.runs.map(\.prompt)
        let steps = file.runs.map(\.steps.count).min() ?? 0
        for step in 0..<steps {
            let logits = try model.extend(zip(next, caches).map { (tokens: $0, cache: $1) })
            for (row, run) in file.runs.enumerated() {
                let id = greedyToken(logits, row: row)
                #expect(id == run.newIDs[step])
                next[row] = [id]
            }
        }
    }

    @Test("continuations scored from one forked context, to 1e-4", arguments: OracleModel.all)
    func logLikelihoods(_ oracle: OracleModel) throws {
        let model = try oracle.model()
        let contexts: [Context] = try oracle.folder.appending(path: "loglikelihood.json").json()
        #expect(!contexts.isEmpty)
        for context in contexts {
            let cache = try KVCache(model.configuration, capacity: context.context.count)
            let first = try model.extend(context.context, cache: cache)
            for continuation in context.continuations {
                let fork = try cache.fork(capacity: context.context.count + continuation.ids.count)
                let rest = try model.extend(continuation.ids, cache: fork, logits: .all)
                var sum = 0.0
                var isGreedy = true
                for (index, id) in continuation.ids.enumerated() {
                    let (logits, row) = index == 0 ? (first, 0) : (rest, index - 1)
                    let score = logProbabilities(logits, row: row)[Int(id)]
                    #expect(abs(score - continuation.logprobs[index]) < 1e-4)
                    sum += score
                    isGreedy = isGreedy && greedyToken(logits, row: row) == id
                }
                #expect(abs(sum - continuation.sum) < 1e-4)
                #expect(isGreedy == continuation.isGreedy)
            }
        }
    }

    private func greedyToken(_ logits: Tensor, row: Int) -> Int32 {
        let width = logits.shape[1]
        return logits.withUnsafeValues { values in
            values.baseAddress.map { Int32(Kernels.argmax($0 + row * width, count: width)) } ?? -1
        }
    }

    private func logProbabilities(_ logits: Tensor, row: Int) -> [Double] {
        let width = logits.shape[1]
        return logits.withUnsafeValues { values in
            guard let base = values.baseAddress else { return [] }
            let line = base + row * width
            let total = Kernels.logSumExp(line, count: width)
            return (0..<width).map { Double(line[$0]) - total }
        }
    }
}
