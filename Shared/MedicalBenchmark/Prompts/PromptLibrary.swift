// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The prompts that ship with the module.
enum PromptLibrary {
    /// The paper's prompt of a data set (Table A2, zero-shot and few-shot), whose `{text}` marks are filled in turn.
    ///
    /// The wording is the paper's to the byte, but for what the data file calls restored, and one exception: MedQA's
    /// "from A to E" says the last letter that the item has, so that four-option files are not asked for an E.
    static func tableA2(
        _ dataset: String, slots: [PromptTemplate.Slot], wordings: [String: String] = [:]
    ) -> [PromptTemplate] {
        guard let template = data.tableA2.first(where: { $0.name == dataset })?.template else { return [] }
        return [
            PromptTemplate(
                name: "table-a2/1", source: data.source, preamble: [], body: segments(of: template, slots: slots),
                wordings: wordings)
        ]
    }

    /// The prompt that the authors' code asks with, where it is another; its answers follow at once, without a space.
    static func code(_ dataset: String, name: String = "code/1", wordings: [String: String] = [:]) -> [PromptTemplate] {
        guard let template = data.code.first(where: { $0.name == dataset })?.template else { return [] }
        var body: [PromptTemplate.Segment] = []
        for piece in template.split(separator: "{", omittingEmptySubsequences: false) {
            let parts = piece.split(separator: "}", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, let slot = PromptTemplate.Slot(rawValue: String(parts[0])) {
                body += PromptTemplate.expanded(.slot(slot)) + lastLetter(parts[1])
            } else {
                body += lastLetter(piece)
            }
        }
        return [
            PromptTemplate(
                name: name, source: data.codeSource, preamble: [], body: body,
                answerSeparator: template.hasSuffix("\n") || template.hasSuffix(" ") ? "" : " ", wordings: wordings)
        ]
    }

    /// The usual form for multiple choice of several subjects (Hendrycks et al., 2021, with one space before the subject
    /// as later harnesses write it).
    static let standardMMLU = PromptTemplate(
        name: "mmlu-standard/1", source: "Hendrycks et al., Measuring Massive Multitask Language Understanding, 2021",
        preamble: [
            .text("The following are multiple choice questions (with answers) about "), .slot(.subject), .text(".\n\n"),
        ],
        body: [.slot(.question), .text("\n"), .slot(.options), .text("\nAnswer:")])

    /// The shipped file: Table A2, and the code's prompts.
    static let data: DataFile = {
        let bytes = Data(PackageResources.evaluation_prompts_json)
        guard let file = try? JSONDecoder().decode(DataFile.self, from: bytes) else {
            preconditionFailure("evaluation-prompts.json, compiled into this program, does not decode")
        }
        return file
    }()

    struct DataFile: Decodable {
        struct Prompt: Decodable {
            let name: String
            let template: String
        }

        let source: String
        let tableA2: [Prompt]
        let codeSource: String
        let code: [Prompt]

        enum CodingKeys: String, CodingKey {
            case source
            case tableA2 = "evaluation_A2"
            case codeSource = "code_source"
            case code = "evaluation_code"
        }
    }

    private static func segments(of template: String, slots: [PromptTemplate.Slot]) -> [PromptTemplate.Segment] {
        let pieces = template.split(separator: "{text}", omittingEmptySubsequences: false)
            .flatMap { $0.split(separator: "{Text}", omittingEmptySubsequences: false) }
        precondition(pieces.count == slots.count + 1, "a template of Table A2 has other slots than its task says")
        var segments: [PromptTemplate.Segment] = []
        for (index, piece) in pieces.enumerated() {
            segments += lastLetter(piece)
            if index < slots.count { segments += PromptTemplate.expanded(.slot(slots[index])) }
        }
        return segments
    }

    /// A piece of MedQA's prompt names the last letter.
    private static func lastLetter(_ piece: Substring) -> [PromptTemplate.Segment] {
        let halves = piece.split(separator: " from A to E.", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return piece.isEmpty ? [] : [.text(String(piece))] }
        return [.text(halves[0] + " from A to "), .slot(.lastLetter), .text("." + halves[1])]
    }
}
