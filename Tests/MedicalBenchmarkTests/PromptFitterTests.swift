// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("A prompt too long for the context loses shots, then the head of its passage, and nothing else")
struct PromptFitterTests {
    private func words(_ count: Int, _ name: String) -> String {
        (0..<count).map { "\(name)\($0)" }.joined(separator: " ")
    }

    private func fit(_ prompts: [RenderedPrompt], _ budget: Int) async throws -> (fitted: [FittedPrompt], calls: Int) {
        var calls = 0
        let fitted = try await PromptFitter(budget: budget).fit(prompts) { texts in
            calls += 1
            return texts.map(ScriptedModel.tokens)
        }
        return (fitted, calls)
    }

    @Test("Whatever the sizes: the result fits, is the longest that does, and keeps question and answer slot")
    func properties() async throws {
        var generator = SeededGenerator(seed: 11)
        var kinds: Set<String> = []
        for _ in 0..<400 {
            let shots = (0..<generator.index(below: 5)).map { words(1 + generator.index(below: 30), "s\($0)x") }
            let prompt = RenderedPrompt(
                preamble: generator.index(below: 2) == 0 ? "" : "About.\n\n", shots: shots,
                head: "Question one? ", context: words(generator.index(below: 120), "c"), tail: " OUTPUT:")
            let budget = 3 + generator.index(below: 160)
            let result = try await fit([prompt], budget).fitted[0]
            #expect(result.text.contains("Question one? "))
            #expect(result.text.hasSuffix(" OUTPUT:"))
            let step = (0...prompt.steps).first { ScriptedModel.tokens(prompt.text(after: $0)) <= budget }
            #expect(result == prompt.fitted(after: step ?? prompt.steps, fits: step != nil))
            if result.isContextCut { #expect(result.shotsDropped == shots.count) }
            kinds.insert("\(result.shotsDropped > 0) \(result.isContextCut) \(result.fits)")
        }
        #expect(kinds.count >= 5)
    }

    @Test("The first shots go first, the passage loses whole words from its head")
    func order() async throws {
        let prompt = RenderedPrompt(
            shots: ["s1 s1", "s2 s2", "s3 s3"], head: "Q? ", context: "a b  c\nd", tail: " OUT:")
        let texts = try await [13, 12, 10, 7, 6, 5, 4, 3, 2].asyncMap { try await fit([prompt], $0).fitted[0] }
        #expect(
            texts.map(\.text) == [
                "s1 s1\n\ns2 s2\n\ns3 s3\n\nQ? a b  c\nd OUT:", "s2 s2\n\ns3 s3\n\nQ? a b  c\nd OUT:",
                "s3 s3\n\nQ? a b  c\nd OUT:", "Q? a b  c\nd OUT:", "Q? b  c\nd OUT:", "Q? c\nd OUT:", "Q? d OUT:",
                "Q?  OUT:", "Q?  OUT:",
            ])
        #expect(texts.map(\.fits) == [true, true, true, true, true, true, true, true, false])
    }

    @Test("A batch that fits costs one question, a long one a few")
    func frugal() async throws {
        let short = RenderedPrompt(head: "Q? ", context: "a b", tail: " OUT:")
        #expect(try await fit([short, short], 100).calls == 1)
        let long = (0..<16).map { RenderedPrompt(head: "Q? ", context: words(300 + $0, "c"), tail: " OUT:") }
        let result = try await fit(long, 100)
        #expect(result.calls <= 5)
        #expect(result.fitted.allSatisfy { ScriptedModel.tokens($0.text) == 100 })
    }

    @Test("A counter that answers too few texts is an error")
    func wrongCounter() async throws {
        let prompt = RenderedPrompt(head: "Q?")
        await #expect(throws: BenchmarkError.self) {
            _ = try await PromptFitter(budget: 5).fit([prompt, prompt]) { _ in [1] }
        }
    }
}

extension Array {
    fileprivate func asyncMap<Result>(_ transform: (Element) async throws -> Result) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
