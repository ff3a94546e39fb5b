// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Generation

@Suite("An answer is the same to the bit whatever it is computed with, and however it is cut")
struct BatchExactnessTests {
    /// One request of any kind.
    private enum Ask {
        case generate(GenerationRequest)
        case score([Int32], [[Int32]])
    }

    private struct Asked {
        let ask: Ask
        let adapter: Int
        let tenant: String
    }

    /// Requests of all kinds: shared beginnings, three adapters, sampling, choices, prompt log-probabilities.
    private func asked(_ random: inout TestRandom) -> [Asked] {
        let stem = (0..<40).map { _ in Int32.random(in: 0..<64, using: &random) }
        return (0..<24).map { index in
            let head = stem.prefix(Int.random(in: 0...40, using: &random))
            let tail = (0..<Int.random(in: 1...9, using: &random)).map { _ in Int32.random(in: 0..<64, using: &random) }
            let prompt = head + tail
            let ask: Ask
            switch index % 6 {
            case 0:
                ask = .score(Array(prompt), [[1, 2, 3], [4], [5, 6, 7, 8, 9, 10, 11], [12, 13]])
            case 1:
                ask = .generate(
                    GenerationRequest(promptIDs: Array(prompt), choices: [[3, 4, 5], [3, 4], [9, 9, 9, 9]]))
            case 2:
                ask = .generate(
                    GenerationRequest(
                        promptIDs: Array(prompt), parameters: .init(maxTokens: 5), topLogprobs: 3,
                        wantsPromptLogprobs: true))
            default:
                let parameters = GenerationParameters(
                    maxTokens: Int.random(in: 1...20, using: &random), temperature: Double(index % 3), topK: 30,
                    topP: 0.9, repetitionPenalty: index % 2 == 0 ? 1 : 1.3, seed: UInt64(index), stop: ["ab", "zz"])
                ask = .generate(GenerationRequest(promptIDs: Array(prompt), parameters: parameters))
            }
            return Asked(ask: ask, adapter: index % 3, tenant: "tenant \(index % 4)")
        }
    }

    private func submit(_ number: Int, _ asked: Asked, to desk: BatchDesk) throws {
        let origin = RequestOrigin(
            tenant: asked.tenant, adapter: asked.adapter == 0 ? nil : asked.adapter,
            adapterName: "adapter \(asked.adapter)")
        switch asked.ask {
        case .generate(let request): try desk.generate(number, request, origin)
        case .score(let context, let continuations): try desk.score(number, context: context, continuations, origin)
        }
    }

    @Test("Batch, chunks, order of arrival, tenants, adapters and kept beginnings change nothing", arguments: 0..<12)
    func anyCompany(seed: UInt64) throws {
        var random = TestRandom(seed + 1)
        let all = asked(&random)
        let alone = BatchDesk(.scrambling()) { $0.keepsPrefixes = false }
        for (number, asked) in all.enumerated() {
            try submit(number, asked, to: alone)
            alone.run()
        }
        for sequences in [1, 2, 7, 32] {
            let model = ScriptedModel.scrambling(pages: 200)
            let desk = BatchDesk(model) { options in
                options.sequences = sequences
                options.tokensAlone = [1, 5, 64, 1024].randomElement(using: &random) ?? 1
                options.tokensBesideDecode = [1, 3, 40].randomElement(using: &random) ?? 1
                options.keepsPrefixes = Bool.random(using: &random)
            }
            for number in all.indices.shuffled(using: &random) {
                try submit(number, all[number], to: desk)
                for _ in 0..<Int.random(in: 0...4, using: &random) { _ = desk.scheduler.step() }
            }
            desk.run()
            #expect(desk.results == alone.results)
            #expect(desk.scores == alone.scores)
            #expect(desk.errors.isEmpty && alone.errors.isEmpty)
            #expect(model.mostPages <= 200)
        }
    }

    @Test("Scores are those of the answer's own log-probabilities, and of the prompt's")
    func oneTruth() throws {
        let model = ScriptedModel.scrambling()
        let answer = try Generator(model: model).run([
            GenerationRequest(promptIDs: [7, 8, 9], parameters: .init(maxTokens: 12))
        ])[0]
        let score = try LogLikelihood(model: model).score([
            ScoreRequest(contextIDs: [7, 8, 9], continuationIDs: answer.ids)
        ])[0]
        #expect(score.logprobs == answer.logprobs && score.isGreedy)
        let told = try Generator(model: model).run([
            GenerationRequest(
                promptIDs: [7, 8, 9] + answer.ids, parameters: .init(maxTokens: 0), topLogprobs: 2,
                wantsPromptLogprobs: true)
        ])[0]
        #expect(told.promptLogprobs.first == .some(nil) && told.promptLogprobs.count == 15)
        #expect(told.promptLogprobs.suffix(12).compactMap { $0 } == answer.logprobs)
        #expect(told.promptTopLogprobs.suffix(12).map { $0[0].id } == answer.ids)
        #expect(told.ids.isEmpty && told.finishReason == .length)
    }

    @Test("The likeliest tokens are told in their order")
    func top() throws {
        let model = ScriptedModel { _ in ScriptedModel.peak(at: 4, [9: 3, 2: 3, 11: 4]) }
        let result = try Generator(model: model).run([
            GenerationRequest(
                promptIDs: [1], parameters: .init(maxTokens: 2, ignoreEndOfSequence: true), topLogprobs: 4)
        ])[0]
        #expect(result.topLogprobs.count == 2)
        #expect(result.topLogprobs[0].map(\.id) == [4, 11, 2, 9])
        #expect(result.topLogprobs[0][0].logprob == result.logprobs[0])
    }
}
