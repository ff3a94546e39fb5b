// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A prompt in the parts that may and may not be cut.
struct RenderedPrompt: Sendable, Hashable {
    let preamble: String
    /// Worked examples with their answers.
    let shots: [String]
    /// Before the passage: instructions and, in most templates, the question.
    let head: String
    /// The passage.
    let context: String
    /// After the passage: options and the place of the answer.
    let tail: String

    /// Where the passage may be cut: before each word but the first, and at its end.
    private let cuts: [String.Index]

    init(preamble: String = "", shots: [String] = [], head: String, context: String = "", tail: String = "") {
        self.preamble = preamble
        self.shots = shots
        self.head = head
        self.context = context
        self.tail = tail
        var cuts: [String.Index] = []
        var isAfterSpace = false
        for index in context.unicodeScalars.indices {
            let isSpace = context.unicodeScalars[index].properties.isWhitespace
            if isAfterSpace, !isSpace, index != context.startIndex { cuts.append(index) }
            isAfterSpace = isSpace
        }
        self.cuts = context.isEmpty ? [] : cuts + [context.endIndex]
    }

    /// How often it can be shortened: first a shot at a time from the first, then a word of the passage at a time
    /// from its head.
    var steps: Int { shots.count + cuts.count }

    /// The prompt after so many shortenings.
    func text(after step: Int) -> String {
        let kept = shots.dropFirst(min(step, shots.count))
        let words = step - shots.count
        let passage = words > 0 ? context[cuts[words - 1]...] : context[...]
        return preamble + (kept + [head + passage + tail]).joined(separator: PromptTemplate.shotSeparator)
    }

    func fitted(after step: Int, fits: Bool) -> FittedPrompt {
        FittedPrompt(
            text: text(after: step), shotsDropped: min(step, shots.count), isContextCut: step > shots.count,
            fits: fits)
    }
}
