// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A named, versioned prompt with places for an item's parts.
///
/// A change of one character is a new version: results name the prompt they were asked with.
public struct PromptTemplate: Sendable, Hashable {
    /// A part of an item that a template has a place for.
    enum Slot: String, Sendable, Hashable {
        case question
        /// The question, with a question mark where it ends in neither that nor a full stop.
        case asked
        /// The passage and, straight after it, the question: a licensing examination's case description.
        case caseAndQuestion
        /// The passage, whose paragraphs stand on lines of their own.
        case context
        /// The passage as premise, the question as hypothesis: `[PRE] … [HYP] …`.
        case pair
        /// `A. text`, an option a line.
        case options
        /// The options as Python writes a list of texts.
        case list
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
    var answerSeparator = " "
    /// How this prompt writes labels that it does not write as the publisher does.
    var wordings: [String: String] = [:]

    /// Between worked examples.
    static let shotSeparator = "\n\n"

    /// A label as this prompt writes it.
    func wording(_ label: String) -> String { wordings[label] ?? label }

    /// What a model writes, or is scored for, after the prompt.
    func continuation(_ label: String) -> String { answerSeparator + wording(label) }

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
            body.map { Self.fill($0, with: shot) }.joined() + continuation(shot.gold)
        }
        return RenderedPrompt(
            preamble: preamble.map { Self.fill($0, with: item) }.joined(), shots: examples, head: head,
            context: context, tail: tail)
    }

    private static func fill(_ segment: Segment, with item: BenchmarkItem) -> String {
        switch segment {
        case .text(let text): text
        case .slot(.question): item.question
        case .slot(.asked): item.question + (item.question.hasSuffix("?") || item.question.hasSuffix(".") ? "" : "?")
        case .slot(.caseAndQuestion): (item.context ?? "") + item.question
        case .slot(.context): item.context ?? ""
        case .slot(.pair): "[PRE] \(item.context ?? "") [HYP] \(item.question)"
        case .slot(.options): item.options.map { "\($0.label). \($0.text)" }.joined(separator: "\n")
        case .slot(.list): "[" + item.options.map { pythonText($0.text) }.joined(separator: ", ") + "]"
        case .slot(.lastLetter): item.labels.last ?? ""
        case .slot(.subject): (item.subject ?? "").split(separator: "_").joined(separator: " ")
        }
    }

    /// A text as Python's `repr` writes it.
    private static func pythonText(_ text: String) -> String {
        let quote = text.contains("'") && !text.contains("\"") ? "\"" : "'"
        var result = quote
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "'" where quote == "'": result += "\\'"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + quote
    }

    /// Places made of several parts, in the parts: only a passage that stands alone can be cut.
    static func expanded(_ segment: Segment) -> [Segment] {
        switch segment {
        case .slot(.caseAndQuestion): [.slot(.context), .slot(.question)]
        case .slot(.pair): [.text("[PRE] "), .slot(.context), .text(" [HYP] "), .slot(.question)]
        default: [segment]
        }
    }
}
