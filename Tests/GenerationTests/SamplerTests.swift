// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Generation

@Suite("A sampler is greedy at temperature 0 and draws from the filtered distribution above it")
struct SamplerTests {
    let logits: [Float] = [0, 2, 1, 2, -1]

    @Test("Greedy takes the likeliest, the lowest id among equals, after the repetition penalty")
    func greedy() {
        var plain = Sampler(GenerationParameters())
        #expect(plain.next(logits: logits, history: [Int32]()) == 1)
        var penalized = Sampler(GenerationParameters(repetitionPenalty: 3))
        #expect(penalized.next(logits: logits, history: [Int32(1), 1, 3]) == 2)
    }

    @Test("The penalty counts an id once and pushes negative logits down")
    func penalty() {
        let sampler = Sampler(GenerationParameters(temperature: 1, repetitionPenalty: 2))
        let once = sampler.distribution(logits: logits, history: [Int32(1), 4])
        let twice = sampler.distribution(logits: logits, history: [Int32(1), 1, 4, 4])
        #expect(once == twice)
        let plain = Sampler(GenerationParameters(temperature: 1)).distribution(logits: logits, history: [Int32(1), 4])
        #expect(once[1] / once[3] < plain[1] / plain[3])
        #expect(once[4] / once[0] < plain[4] / plain[0])
    }

    @Test("Filters keep what they say and the rest sums to 1")
    func filters() {
        func kept(_ parameters: GenerationParameters) -> [Int] {
            let probabilities = Sampler(parameters).distribution(logits: logits, history: [Int32]())
            #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12)
            return probabilities.indices.filter { probabilities[$0] > 0 }
        }
        #expect(kept(.init(temperature: 1, topK: 3)) == [1, 2, 3])
        #expect(kept(.init(temperature: 1, topK: 1)) == [1, 3])  // ties at the edge stay
        #expect(kept(.init(temperature: 1, topP: 0.01)) == [1])
        #expect(kept(.init(temperature: 1, topP: 0)) == [1])
        #expect(kept(.init(temperature: 1, topP: 0.5)) == [1, 3])
        #expect(kept(.init(temperature: 1, minP: 0.2)) == [1, 2, 3])
        #expect(kept(.init(temperature: 1)) == [0, 1, 2, 3, 4])
    }

    @Test("The same seed draws the same tokens, and the draws follow the probabilities")
    func draws() {
        let parameters = GenerationParameters(temperature: 1, seed: 11)
        var first = Sampler(parameters)
        var second = Sampler(parameters)
        var counts = [Int](repeating: 0, count: logits.count)
        for _ in 0..<20_000 {
            let id = first.next(logits: logits, history: [Int32]())
            #expect(id == second.next(logits: logits, history: [Int32]()))
            counts[Int(id)] += 1
        }
        let expected = Sampler(parameters).distribution(logits: logits, history: [Int32]())
        for (count, probability) in zip(counts, expected) {
            // Five standard deviations of a binomial of 20,000 draws.
            #expect(
                abs(Double(count) - 20_000 * probability) < 5 * (20_000 * probability * (1 - probability)).squareRoot())
        }
    }

    @Test(
        "Parameters out of bounds are refused by name",
        arguments: [
            (GenerationParameters(maxTokens: 0), "maxTokens"), (GenerationParameters(temperature: -1), "temperature"),
            (GenerationParameters(temperature: .nan), "temperature"), (GenerationParameters(topK: -1), "topK"),
            (GenerationParameters(topP: -0.1), "topP"), (GenerationParameters(minP: 1.5), "minP"),
            (GenerationParameters(repetitionPenalty: 0), "repetitionPenalty"),
            (GenerationParameters(stop: [""]), "stop"),
        ])
    func bounds(parameters: GenerationParameters, field: String) {
        let error = #expect(throws: GenerationError.self) { try parameters.validate() }
        #expect(error?.subject == field)
    }

    @Test("Draws with and without filters that drop nothing follow one distribution, masked or not")
    func shortcuts() {
        var random = TestRandom(5)
        let row = (0..<300).map { _ in Float.random(in: -4...4, using: &random) }
        var mask = TokenMask(vocabularySize: 300)
        for id in stride(from: Int32(0), to: 300, by: 3) { mask.insert(id) }
        row.withUnsafeBufferPointer { values in
            let logits = LogitRow(values, top: 0)
            for mask in [nil, mask] {
                for (plain, filtered) in [
                    (
                        GenerationParameters(temperature: 0.7, seed: 3),
                        GenerationParameters(temperature: 0.7, minP: 1e-300, seed: 3)
                    ),
                    // 20 by one pass; a penalty that finds nothing to punish goes by partition.
                    (
                        GenerationParameters(temperature: 1.3, topK: 20, seed: 4),
                        GenerationParameters(temperature: 1.3, topK: 20, repetitionPenalty: 1.5, seed: 4)
                    ),
                ] {
                    var (first, second) = (Sampler(plain), Sampler(filtered))
                    for _ in 0..<500 {
                        let one = first.next(logits, seen: [], mask: mask)
                        let other = second.next(logits, seen: [], mask: mask)
                        #expect(one == other && one != nil)
                        if let mask, let one { #expect(mask.contains(one)) }
                    }
                }
            }
        }
    }
}
