// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The prompts that ship with the module.
enum PromptLibrary {
    /// The paper's prompt of a data set (Table A2, zero-shot and few-shot), whose `{text}` marks are filled in turn.
    ///
    /// The wording is the paper's to the byte, with one exception: MedQA's "from A to E" says the last letter that
    /// the item has, so that four-option files are not asked for an E.
    static func tableA2(_ dataset: String, slots: [PromptTemplate.Slot]) -> [PromptTemplate] {
        guard let template = tableA2.prompts.first(where: { $0.name == dataset })?.template else { return [] }
        return [
            PromptTemplate(
                name: "table-a2/1", source: tableA2.source, preamble: [], body: segments(of: template, slots: slots))
        ]
    }

    /// The usual form for MMLU, for which the paper gives none (Hendrycks et al., 2021, with one space before the
    /// subject as later harnesses write it).
    static let standardMMLU = PromptTemplate(
        name: "mmlu-standard/1", source: "Hendrycks et al., Measuring Massive Multitask Language Understanding, 2021",
        preamble: [
            .text("The following are multiple choice questions (with answers) about "), .slot(.subject), .text(".\n\n"),
        ],
        body: [.slot(.question), .text("\n"), .slot(.options), .text("\nAnswer:")])

    /// Table A2 as data: twelve names and templates.
    static let tableA2: TableA2 = {
        let data = Data(PackageResources.evaluation_prompts_json)
        guard let table = try? JSONDecoder().decode(TableA2.self, from: data) else {
            preconditionFailure("evaluation-prompts.json, compiled into this program, does not decode")
        }
        return table
    }()

    struct TableA2: Decodable {
        struct Prompt: Decodable {
            let name: String
            let template: String
        }

        let source: String
        let prompts: [Prompt]

        enum CodingKeys: String, CodingKey {
            case source
            case prompts = "evaluation_A2"
        }
    }

    private static func segments(of template: String, slots: [PromptTemplate.Slot]) -> [PromptTemplate.Segment] {
        let pieces = template.split(separator: "{text}", omittingEmptySubsequences: false)
            .flatMap { $0.split(separator: "{Text}", omittingEmptySubsequences: false) }
        precondition(pieces.count == slots.count + 1, "a template of Table A2 has other slots than its task says")
        var segments: [PromptTemplate.Segment] = []
        for (index, piece) in pieces.enumerated() {
            let halves = piece.split(separator: " from A to E.", omittingEmptySubsequences: false)
            segments.append(.text(String(halves[0])))
            if halves.count == 2 {
                segments += [.text(" from A to "), .slot(.lastLetter), .text("." + halves[1])]
            }
            guard index < slots.count else { continue }
            // One place of the paper's holds both the case and its question; only the case may be cut.
            segments += slots[index] == .caseAndQuestion ? [.slot(.context), .slot(.question)] : [.slot(slots[index])]
        }
        return segments
    }
}
