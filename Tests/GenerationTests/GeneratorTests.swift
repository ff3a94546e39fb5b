// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Generation
import Testing

@Suite("A generator ends each answer for its own reason and keeps requests apart")
struct GeneratorTests {
    private func run(
        _ model: ScriptedModel, _ requests: [GenerationRequest], sequences: Int = 16
    ) throws -> [GenerationResult] {
        var options = BatchOptions()
        options.sequences = sequences
        return try Generator(model: model, options: options) { LetterText() }.run(requests)
    }

    @Test("Length, end of sequence, stop string")
    func reasons() throws {
        let results = try run(
            .counting(),
            [
                GenerationRequest(promptIDs: [3], parameters: .init(maxTokens: 3)),
                GenerationRequest(promptIDs: [14], parameters: .init(maxTokens: 9)),
                GenerationRequest(promptIDs: [14], parameters: .init(maxTokens: 9, ignoreEndOfSequence: true)),
                GenerationRequest(promptIDs: [3], parameters: .init(maxTokens: 9, stop: ["gh"])),
            ])
        #expect(results.map(\.finishReason) == [.length, .endOfSequence, .length, .stop])
        #expect(results[0].ids == [4, 5, 6])
        #expect(results[0].text == "efg")
        #expect(results[1].ids == [15, 0, 1])
        #expect(results[2].ids == [15, 0, 1, 2, 3, 4, 5, 6, 7])
        #expect(results[3].ids == [4, 5, 6, 7])
        #expect(results[3].text == "ef")
    }

    @Test("A logit bias forbids a token or forces it, and log-probabilities stay the model's own")
    func bias() throws {
        func answer(_ bias: [Int32: Float]?, temperature: Double = 0) throws -> GenerationResult {
            let parameters = GenerationParameters(maxTokens: 3, temperature: temperature, logitBias: bias)
            return try run(.counting(), [GenerationRequest(promptIDs: [3], parameters: parameters)])[0]
        }
        let plain = try answer(nil)
        #expect(plain.ids == [4, 5, 6])
        #expect(try answer([:]) == plain)
        #expect(try answer([9: 100, 4: -100]).ids == [9, 9, 9])
        #expect(try answer([9: 100], temperature: 1).ids == [9, 9, 9])
        let forced = try answer([9: 100])
        #expect(forced.logprobs[0] < plain.logprobs[0])
        #expect(!(try answer([4: -100]).ids.contains(4)))
        for (bias, word) in [([Int32(99): Float(1)], "token id 99"), ([4: 101], "logitBias")] {
            let error = #expect(throws: GenerationError.self) { try answer(bias) }
            #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
        }
    }

    @Test("Answers are the same one by one and together, and waiting requests are admitted")
    func batches() throws {
        var requests: [GenerationRequest] = []
        for index in 0..<7 {
            let parameters = GenerationParameters(
                maxTokens: 2 + index, temperature: index.isMultiple(of: 2) ? 0 : 1, seed: UInt64(index))
            requests.append(GenerationRequest(promptIDs: [Int32(3 + index)], parameters: parameters))
        }
        let together = try run(.counting(), requests)
        #expect(try run(.counting(), requests, sequences: 2) == together)
        #expect(try requests.flatMap { try run(.counting(), [$0]) } == together)
    }

    @Test("An answer ends at the model's context, a longer prompt is refused with both lengths")
    func context() throws {
        let model = ScriptedModel.counting(contextLength: 6)
        let long = GenerationRequest(promptIDs: [3, 4, 5, 6], parameters: .init(maxTokens: 50))
        let result = try run(model, [long])[0]
        #expect(result.finishReason == .length && result.ids == [7, 8])
        let whole = GenerationRequest(promptIDs: [3, 4, 5, 6, 7, 8], parameters: .init(maxTokens: 50))
        #expect(try run(model, [whole])[0].ids == [9])
        let error = #expect(throws: GenerationError.self) {
            try run(model, [long, GenerationRequest(promptIDs: [Int32](repeating: 3, count: 7))])
        }
        #expect(error?.description.contains("requests[1]") == true)
        #expect(error?.description.contains("7 tokens") == true && error?.description.contains("context is 6") == true)
    }

    @Test("Bad ids, empty prompts and stop strings without a tokenizer are refused")
    func refusals() {
        for request in [
            GenerationRequest(promptIDs: []), GenerationRequest(promptIDs: [16]), GenerationRequest(promptIDs: [-1]),
            GenerationRequest(promptIDs: [1], parameters: .init(maxTokens: 0)),
            GenerationRequest(promptIDs: [1], choices: []), GenerationRequest(promptIDs: [1], choices: [[]]),
            GenerationRequest(promptIDs: [1], choices: [[3], [3]]), GenerationRequest(promptIDs: [1], choices: [[99]]),
        ] {
            #expect(throws: GenerationError.self) { try run(.counting(), [request]) }
        }
        #expect(throws: GenerationError.self) {
            try Generator(model: ScriptedModel.counting())
                .run([GenerationRequest(promptIDs: [1], parameters: .init(stop: ["x"]))])
        }
    }

    @Test("Prompts that begin alike are computed once")
    func sharing() throws {
        let model = ScriptedModel.counting()
        let stem = [Int32](repeating: 5, count: 30)
        let requests = (0..<4).map {
            GenerationRequest(promptIDs: stem + [Int32($0 + 6)], parameters: .init(maxTokens: 1))
        }
        let results = try run(model, requests)
        #expect(results.map(\.ids) == [[7], [8], [9], [10]])
        // Pages of 4 tokens: 28 of the 30 are shared.
        #expect(model.tokensComputed == 31 + 3 * 3)
    }

    @Test("Logits that are not finite name the model, not a token")
    func brokenModel() {
        let model = ScriptedModel { _ in [Float](repeating: .nan, count: 16) }
        let error = #expect(throws: GenerationError.self) { try run(model, [GenerationRequest(promptIDs: [3])]) }
        #expect(error?.code == .brokenModel)
    }
}
