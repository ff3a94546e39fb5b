// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors
import Testing

@testable import Generation

@Suite("A served model answers the same to the bit in any company")
struct ServedExactnessTests {
    private static func configuration() throws -> LlamaConfiguration {
        try LlamaConfiguration(
            vocabularySize: 101, hiddenSize: 64, intermediateSize: 96, layerCount: 2, headCount: 4,
            keyValueHeadCount: 2, headDimension: 16, maxPositions: 256, rmsNormEpsilon: 1e-5,
            tieWordEmbeddings: true, initializerRange: 0.2)
    }

    private static func adapter(_ c: LlamaConfiguration, seed: UInt64) throws -> ServedAdapter {
        var adapter = try LoRAAdapter(
            random: LoRAConfiguration(rank: 3, alpha: 5, targets: LoRATarget.allCases), for: c, seed: seed)
        adapter.parameters.withUnsafeMutableValues { values in
            var generator = Xoshiro256(seed: seed)
            generator.fillNormal(values, deviation: 0.1)
        }
        return try ServedAdapter(adapter)
    }

    private struct Found: Equatable {
        var answers: [[GenerationResult]] = []
        var scores: [[SequenceScore]] = []
    }

    @Test(
        "Batches of 1, 7 and 32, chunks, kept beginnings, adapters beside each other, threads",
        arguments: PanelFormat.allCases)
    func company(_ format: PanelFormat) async throws {
        let configuration = try Self.configuration()
        let weights = try LlamaWeights(random: configuration, seed: 3)
        let adapters = [nil, try Self.adapter(configuration, seed: 1), try Self.adapter(configuration, seed: 2)]
        let stem = (0..<70).map { Int32(($0 * 37 + 5) % 101) }
        let prompts = (0..<32).map { number in
            stem.prefix(40 + number % 31) + (0...number % 5).map { Int32(($0 * 11 + number * 3) % 101) }
        }
        var first: Found?
        for (sequences, threads) in [(1, 1), (7, 2), (32, 2), (32, 1)] {
            ThreadPool.shared.setThreads(threads)
            let model = try ServedLlama(MemoryWeights(weights), format: format, cacheBytes: 1 << 24)
            var options = BatchOptions()
            options.sequences = sequences
            options.tokensAlone = [1: 1024, 7: 33, 32: 200][sequences] ?? 100
            options.tokensBesideDecode = [1: 256, 7: 5, 32: 64][sequences] ?? 16
            options.keepsPrefixes = sequences != 1
            let engine = try BatchEngine(model: model, options: options)
            let found = try await withThrowingTaskGroup(
                of: (Int, GenerationResult, [SequenceScore]).self, returning: Found.self
            ) { group in
                for number in prompts.indices {
                    group.addTask {
                        let origin = RequestOrigin(
                            tenant: "\(number % 2)", adapter: adapters[number % 3], adapterName: "\(number % 3)")
                        let answer = try await engine.generate(
                            [
                                GenerationRequest(
                                    promptIDs: Array(prompts[number]),
                                    parameters: .init(
                                        maxTokens: 6, temperature: number % 2 == 0 ? 0 : 1, seed: UInt64(number)))
                            ], for: origin)
                        let scores = try await engine.score(
                            (0..<3).map {
                                ScoreRequest(
                                    contextIDs: Array(prompts[number]),
                                    continuationIDs: [Int32(number), 7, 9, 3].suffix(1 + $0))
                            }, for: origin)
                        return (number, answer[0], scores)
                    }
                }
                var all: [(Int, GenerationResult, [SequenceScore])] = []
                for try await one in group { all.append(one) }
                all.sort { $0.0 < $1.0 }
                return Found(answers: all.map { [$0.1] }, scores: all.map(\.2))
            }
            #expect(found.answers.count == 32)
            if let first { #expect(found == first, "\(sequences) at once, \(threads) threads") }
            first = first ?? found
        }
        ThreadPool.shared.setThreads(2)
    }
}
