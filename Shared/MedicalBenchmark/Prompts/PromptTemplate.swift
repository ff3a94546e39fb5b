// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A named, versioned prompt with places for an item's parts.
///
/// A change of one character is a new version: results name the prompt they were asked with.
public struct PromptTemplate: Sendable, Hashable {
    /// A part of an item that a template has a place for.
    enum Slot: Sendable, Hashable {
        case question
        /// The passage and, straight after it, the question: a licensing examination's case description.
        case caseAndQuestion
        /// The passage, whose paragraphs stand on lines of their own.
        case context
        /// `A. text`, an option a line.
        case options
        /// The letter of the last option.
        case lastLetter
        /// The subject in words.
        case subject
    }

    enum Segment: Sendable, Hashable {
        case text(String)
        case slot(Slot)
    }

    /// Name and version, such as `table-a2/1`.
    public let name: String
    /// Where the wording comes from.
    public let source: String
    /// Once, before the worked examples.
    let preamble: [Segment]
    /// For each worked example and for the item; ends where the answer goes on.
    let body: [Segment]

    /// Between a body and its answer.
    static let answerSeparator = " "
    /// Between worked examples.
    static let shotSeparator = "\n\n"

    /// What a model writes, or is scored for, after the prompt.
    static func continuation(_ label: String) -> String { answerSeparator + label }

    /// The prompt for an item after worked examples.
    func render(_ item: BenchmarkItem, shots: [BenchmarkItem] = []) -> RenderedPrompt {
        var (head, context, tail) = ("", "", "")
        var isAfterContext = false
        for segment in body {
            if segment == .slot(.context) {
                context = item.context ?? ""
                isAfterContext = true
            } else if isAfterContext {
                tail += Self.fill(segment, with: item)
            } else {
                head += Self.fill(segment, with: item)
            }
        }
        let examples = shots.map { shot in
            body.map { Self.fill($0, with: shot) }.joined() + Self.continuation(shot.gold)
        }
        return RenderedPrompt(
            preamble: preamble.map { Self.fill($0, with: item) }.joined(), shots: examples, head: head,
            context: context, tail: tail)
    }

    private static func fill(_ segment: Segment, with item: BenchmarkItem) -> String {
        switch segment {
        case .text(let text): text
        case .slot(.question): item.question
        case .slot(.caseAndQuestion): (item.context ?? "") + item.question
        case .slot(.context): item.context ?? ""
        case .slot(.options): item.options.map { "\($0.label). \($0.text)" }.joined(separator: "\n")
        case .slot(.lastLetter): item.labels.last ?? ""
        case .slot(.subject): (item.subject ?? "").split(separator: "_").joined(separator: " ")
        }
    }
}
