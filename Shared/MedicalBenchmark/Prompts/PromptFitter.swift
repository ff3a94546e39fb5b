// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Shortens prompts to a number of tokens: shots go first, from the first, then the head of the passage at a word
/// boundary; question, options and instructions stay.
///
/// Each prompt is a ladder of ever shorter texts, and the longest that fits is searched with several probes at once, so
/// that a batch of prompts needs three or four questions to the tokenizer, and one where all prompts fit.
struct PromptFitter {
    /// Tokens a prompt may have.
    let budget: Int
    /// Texts of one prompt measured at once.
    var probes = 8

    /// The shortened prompts in their order. `counting` gives the tokens of each text as the model would read it.
    func fit(
        _ prompts: [RenderedPrompt], counting: ([String]) async throws -> [Int]
    ) async throws -> [FittedPrompt] {
        var searches = prompts.map { Search(prompt: $0) }
        while true {
            let questions = searches.map { $0.nextProbes(atMost: probes) }
            let texts = zip(searches, questions).flatMap { search, steps in steps.map(search.prompt.text(after:)) }
            if texts.isEmpty { break }
            let counts = try await counting(texts)
            guard counts.count == texts.count else {
                throw BenchmarkError(
                    .unusableAnswer, "token counts", "\(counts.count) for \(texts.count) texts",
                    remedy: "the model's adapter must answer each text once, in order")
            }
            var position = 0
            for (index, steps) in questions.enumerated() where !steps.isEmpty {
                let measured = counts[position..<position + steps.count]
                searches[index].learn(zip(steps, measured).map { ($0, $1 <= budget) })
                position += steps.count
            }
        }
        return searches.map(\.outcome)
    }

    /// What is known of one prompt's ladder: below `low` nothing fits, `high` fits.
    private struct Search {
        let prompt: RenderedPrompt
        var low = 0
        var high: Int?
        var isHopeless = false

        init(prompt: RenderedPrompt) { self.prompt = prompt }

        func nextProbes(atMost count: Int) -> [Int] {
            if isHopeless || low == high { return [] }
            if low == 0, high == nil { return [0] }
            // The last step is probed as long as nothing is known to fit.
            let end = high.map { $0 - 1 } ?? prompt.steps
            let span = end - low + 1
            guard span > count else { return Array(low...end) }
            return (1...count).map { low + span * $0 / count - 1 }
        }

        mutating func learn(_ answers: [(step: Int, fits: Bool)]) {
            if let first = answers.firstIndex(where: \.fits) {
                high = answers[first].step
                if first > 0 { low = answers[first - 1].step + 1 }
            } else if let last = answers.last {
                low = last.step + 1
            }
            if high == nil, low > prompt.steps { isHopeless = true }
        }

        var outcome: FittedPrompt {
            high.map { prompt.fitted(after: $0, fits: true) } ?? prompt.fitted(after: prompt.steps, fits: false)
        }
    }
}
