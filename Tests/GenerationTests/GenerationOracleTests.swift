// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Generation
import Llama
import OracleSupport
import Tensors
import Testing

@Suite(
    "Greedy decoding and likelihoods equal the reference library's",
    .enabled(if: OutsideData.oracles != nil, "no oracle folder"))
struct GenerationOracleTests {
    struct Runs: Decodable {
        struct Run: Decodable {
            struct Step: Decodable {
                let logprob: Double
            }

            let prompt: [Int32]
            let newIds: [Int32]
            let steps: [Step]
        }

        let runs: [Run]
    }

    struct Case: Decodable {
        struct Continuation: Decodable {
            let ids: [Int32]
            let sumLogprob: Double
            let logprobs: [Double]
            let isGreedy: Bool
        }

        let context: [Int32]
        let continuations: [Continuation]
        let bestBySum: Int
    }

    /// Folders with a checkpoint in `hf` and this file beside it.
    private func folders(with file: String) -> [URL] {
        OutsideData.folders(below: OutsideData.oracles) { $0.holds("hf/config.json") && $0.holds(file) }
    }

    @Test("Every greedy id, log-probabilities within 1e-4, in one batch and alone")
    func greedy() throws {
        let found = folders(with: "generate.json")
        #expect(!found.isEmpty)
        for folder in found {
            let model = try ServedLlama(
                CheckpointWeights(folder.appending(path: "hf")), format: .float32, cacheBytes: 1 << 26)
            let runs = try folder.appending(path: "generate.json").snakeCaseJSON(as: Runs.self).runs
            #expect(!runs.isEmpty)
            let requests = runs.map { run in
                GenerationRequest(
                    promptIDs: run.prompt,
                    parameters: GenerationParameters(maxTokens: run.newIds.count, ignoreEndOfSequence: true))
            }
            let together = try Generator(model: model).run(requests)
            var options = BatchOptions()
            options.sequences = 2
            options.tokensAlone = 7
            options.tokensBesideDecode = 3
            let byTwo = try Generator(model: model, options: options).run(requests)
            let alone = try requests.flatMap { try Generator(model: model).run([$0]) }
            #expect(byTwo == together && alone == together)
            for results in [together, byTwo, alone] {
                #expect(results.count == runs.count)
                for (result, run) in zip(results, runs) {
                    #expect(result.ids == run.newIds)
                    #expect(result.finishReason == .length)
                    for (ours, step) in zip(result.logprobs, run.steps) {
                        #expect(abs(ours - step.logprob) <= 1e-4)
                    }
                }
            }
        }
    }

    @Test("Log-likelihoods within 1e-4, greedy flags and the best answer, whatever the batch")
    func likelihoods() throws {
        let found = folders(with: "loglikelihood.json")
        #expect(!found.isEmpty)
        for folder in found {
            let model = try ServedLlama(
                CheckpointWeights(folder.appending(path: "hf")), format: .float32, cacheBytes: 1 << 26)
            let cases = try folder.appending(path: "loglikelihood.json").snakeCaseJSON(as: [Case].self)
            let requests = cases.flatMap { known in
                known.continuations.map {
                    ScoreRequest(contextIDs: known.context, continuationIDs: $0.ids)
                }
            }
            #expect(!requests.isEmpty)
            for tokens in [1024, 5] {
                var options = BatchOptions()
                options.tokensAlone = tokens
                let scores = try LogLikelihood(model: model, options: options).score(requests)
                #expect(scores.count == requests.count)
                for (score, expected) in zip(scores, cases.flatMap(\.continuations)) {
                    #expect(abs(score.logLikelihood - expected.sumLogprob) <= 1e-4)
                    #expect(score.isGreedy == expected.isGreedy)
                    #expect(score.tokenCount == expected.ids.count)
                    for (ours, logprob) in zip(score.logprobs, expected.logprobs) {
                        #expect(abs(ours - logprob) <= 1e-4)
                    }
                }
                var start = 0
                for known in cases {
                    let sums = scores[start..<(start + known.continuations.count)].map(\.logLikelihood)
                    start += sums.count
                    #expect(sums.firstIndex(of: sums.max() ?? 0) == known.bestBySum)
                }
            }
        }
    }
}
