// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MedExQA: questions of five specialities that other sets leave out, with explanations (Kim et al., 2024).
///
/// Layout (huggingface.co/datasets/bluesky333/MedExQA): `test/biomedical_engineer_test.tsv` …, no header: question, four
/// options, two explanations, letter. An id is `biomedical_engineer/0`.
public struct MedExQA: OpenBenchmarkTask {
    public let id = "medexqa"
    public let name = "MedExQA"
    public let answerKind = AnswerKind.letter
    public let source = "https://huggingface.co/datasets/bluesky333/MedExQA"
    public let prompts = [PromptLibrary.standardMMLU]
    private let layout = SubjectFiles(fileExtension: "tsv")

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        try layout.dataset(at: location, split: split, questions: questions)
    }

    public var shotsSplit: String { "dev" }

    public func defaultShots(for location: URL) -> URL? { layout.shots(for: location) }

    public func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem], seed: UInt64
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        try layout.shots(count, for: item, from: pool)
    }

    private func questions(_ file: DataFile) throws(BenchmarkError) -> [SubjectFiles.Question] {
        var questions: [SubjectFiles.Question] = []
        for record in try DataTable.records(file, .tsv) {
            let answer = record.fields.last.map(PythonText.strip) ?? ""
            guard record.fields.count == 8, let question = SubjectFiles.Question(record.fields, answer: answer) else {
                throw .record(
                    file.path, line: record.line, field: nil, "is no question with four options and its letter",
                    remedy: "give question, four options, two explanations and the letter, without a header")
            }
            questions.append(question)
        }
        return questions
    }
}
