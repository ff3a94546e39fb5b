// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MedQA: questions of the US medical licensing examination, four or five options (Jin et al., 2021).
///
/// Layout: JSON Lines of `question`, `options` (letter → text) and `answer_idx`, as in `questions/US/*.jsonl`. Records
/// have no id of their own: the id is the record's number in its file, counted from 0, unless there is an `id`.
public struct MedQA: OpenBenchmarkTask {
    public let id = "medqa"
    public let name = "MedQA"
    public let answerKind = AnswerKind.letter
    public let source = "https://github.com/jind11/MedQA"
    public let prompts =
        PromptLibrary.tableA2("MedQA", slots: [.caseAndQuestion, .options]) + PromptLibrary.code("MedQA")

    public init() {}

    private struct Record: Decodable {
        let id: String?
        let question: String
        let options: [String: String]
        let answerLetter: String

        enum CodingKeys: String, CodingKey {
            case id, question, options
            case answerLetter = "answer_idx"
        }
    }

    /// The paper's "test" is the publisher's dev split (Table 6, footnote), so that is what a folder gives by default.
    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "dev", extensions: ["jsonl"])
        let file = try DataFile(url)
        var items: [BenchmarkItem] = []
        for line in JSONLines.lines(of: file.bytes) {
            let record: Record = try RecordDecoder.decode(from: line.bytes, file: file.path, line: line.number)
            func refuse(_ field: String, _ reason: String) -> BenchmarkError {
                .record(file.path, line: line.number, field: field, reason, remedy: RecordDecoder.layoutRemedy)
            }
            let letters = record.options.keys.sorted()
            guard (2...10).contains(letters.count), letters == Array(OptionLetters.all.prefix(letters.count)) else {
                throw refuse("options", "are not lettered A, B, C and so on")
            }
            guard letters.contains(record.answerLetter) else { throw refuse("answer_idx", "is no letter of an option") }
            guard !record.question.isBlank else { throw refuse("question", "is empty") }
            let (description, question) = CaseDescription.split(record.question)
            items.append(
                BenchmarkItem(
                    id: record.id ?? String(items.count), question: question, context: description,
                    options: letters.map { BenchmarkItem.Option(label: $0, text: record.options[$0] ?? "") },
                    labels: letters, gold: record.answerLetter))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
