// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MMLU: multiple-choice questions of 57 subjects, the general-domain check (Hendrycks et al., 2021); or its six medical
/// subjects alone, as medical models report them.
///
/// Layout: `dev/anatomy_dev.csv`, `test/anatomy_test.csv` …, no header: question, four options, letter. The subject
/// comes from the file's name. An id is `anatomy/0`: subject and number in its file.
public struct MMLU: OpenBenchmarkTask {
    public let id: String
    public let name: String
    public let answerKind = AnswerKind.letter
    public let source = "https://github.com/hendrycks/test"
    public let prompts =
        [PromptLibrary.standardMMLU]
        + PromptLibrary.code("MMLU", wordings: ["A": "0", "B": "1", "C": "2", "D": "3"])
    private let layout: SubjectFiles

    /// The subjects that medical models are compared on.
    static let medicalSubjects: Set<String> = [
        "anatomy", "clinical_knowledge", "college_biology", "college_medicine", "medical_genetics",
        "professional_medicine",
    ]

    public init(isMedical: Bool = false) {
        id = isMedical ? "mmlu-medical" : "mmlu"
        name = isMedical ? "MMLU (medical)" : "MMLU"
        layout = SubjectFiles(fileExtension: "csv", subjects: isMedical ? Self.medicalSubjects : nil)
    }

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
        for record in try CSVRecords.read(file.bytes, file: file.path) {
            guard record.fields.count == 6 else {
                throw .record(
                    file.path, line: record.line, field: nil, "has \(record.fields.count) fields, expected 6",
                    remedy: "give question, four options and the letter, without a header")
            }
            guard let question = SubjectFiles.Question(record.fields, answer: record.fields[5]) else {
                throw .record(
                    file.path, line: record.line, field: "answer", "is none of A, B, C, D",
                    remedy: "give question, four options and the letter, without a header")
            }
            questions.append(question)
        }
        return questions
    }
}
