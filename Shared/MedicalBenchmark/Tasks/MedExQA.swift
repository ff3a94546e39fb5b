// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MedExQA: questions of five specialities that other sets leave out, with explanations (Kim et al., 2024).
///
/// Layout (huggingface.co/datasets/bluesky333/MedExQA): `test/biomedical_engineer_test.tsv` …, no header: question, four
/// options, two explanations, letter. An id is `biomedical_engineer/0`.
public struct MedExQA: BenchmarkTask {
    public let id = "medexqa"
    public let name = "MedExQA"
    public let answerKind = AnswerKind.letter
    public let source = "https://huggingface.co/datasets/bluesky333/MedExQA"
    public let prompts = [PromptLibrary.standardMMLU]
    private let layout = SubjectFiles(fileExtension: "tsv")

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let files = try layout.files(at: location, split: split)
        return try BenchmarkDataset(split: split, location: location, files: files) { file throws(BenchmarkError) in
            try read(file, subject: layout.subject(of: file.name))
        }
    }

    public var shotsSplit: String { "dev" }

    public func defaultShots(for location: URL) -> URL? { layout.shots(for: location) }

    public func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem], seed: UInt64
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        try layout.shots(count, for: item, from: pool)
    }

    private func read(_ file: DataFile, subject: String) throws(BenchmarkError) -> [BenchmarkItem] {
        let letters = Array(OptionLetters.all.prefix(4))
        var items: [BenchmarkItem] = []
        for record in try DataTable.records(file, .tsv) {
            let answer = record.fields.last.map(PythonText.strip) ?? ""
            guard record.fields.count == 8, letters.contains(answer) else {
                throw .record(
                    file.path, line: record.line, field: nil, "is no question with four options and its letter",
                    remedy: "give question, four options, two explanations and the letter, without a header")
            }
            items.append(
                BenchmarkItem(
                    id: "\(subject)/\(items.count)", question: record.fields[0],
                    options: OptionLetters.options(Array(record.fields[1...4])), labels: letters, gold: answer,
                    subject: subject))
        }
        return items
    }
}
