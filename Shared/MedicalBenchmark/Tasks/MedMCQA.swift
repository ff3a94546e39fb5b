// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MedMCQA: questions of Indian medical entrance examinations, four options (Pal et al., 2022).
///
/// Layout: JSON Lines of `id`, `question`, `opa` … `opd` and `cop`, the right option counted from 0.
public struct MedMCQA: OpenBenchmarkTask {
    public let id = "medmcqa"
    public let name = "MedMCQA"
    public let answerKind = AnswerKind.letter
    public let source = "https://github.com/medmcqa/medmcqa"
    public let prompts =
        PromptLibrary.tableA2("MedMCQA", slots: [.question, .options]) + PromptLibrary.code("MedMCQA")

    public init() {}

    private struct Record: Decodable {
        let id: String
        let question: String
        let opa: String
        let opb: String
        let opc: String
        let opd: String
        let cop: Int
    }

    /// The paper's "test" is the publisher's validation split (Table 6, footnote).
    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(
            at: location, split: split, defaultSplit: "validation", extensions: ["jsonl", "json"])
        let file = try DataFile(url)
        let letters = Array(OptionLetters.all.prefix(4))
        var items: [BenchmarkItem] = []
        for line in JSONLines.lines(of: file.bytes) {
            let record: Record = try RecordDecoder.decode(from: line.bytes, file: file.path, line: line.number)
            guard letters.indices.contains(record.cop) else {
                throw .record(
                    file.path, line: line.number, field: "cop", "is \(record.cop), and options count from 0 to 3",
                    remedy: record.cop == 4
                        ? "a file that counts from 1 needs 1 subtracted from every cop"
                        : "give a split that has its answers")
            }
            guard !record.question.isBlank else {
                throw .record(
                    file.path, line: line.number, field: "question", "is empty", remedy: RecordDecoder.layoutRemedy)
            }
            items.append(
                BenchmarkItem(
                    id: record.id, question: record.question,
                    options: OptionLetters.options([record.opa, record.opb, record.opc, record.opd]),
                    labels: letters, gold: letters[record.cop]))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
