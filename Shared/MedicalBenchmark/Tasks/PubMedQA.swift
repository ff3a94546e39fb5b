// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// PubMedQA, expert-labelled: is the claim of a question borne out by an abstract? (Jin et al., 2019).
///
/// Layout: one JSON object of PMID → `QUESTION`, `CONTEXTS`, `final_decision`, as in `ori_pqal.json` and
/// `test_set.json`'s records; the PMID is the id.
public struct PubMedQA: OpenBenchmarkTask {
    public let id = "pubmedqa"
    public let name = "PubMedQA"
    public let answerKind = AnswerKind.word
    public let source = "https://github.com/pubmedqa/pubmedqa"
    public let prompts =
        PromptLibrary.tableA2("PubMedQA", slots: [.question, .context]) + PromptLibrary.code("PubMedQA")

    /// In the order in which the authors' parser looks for them.
    static let labels = ["yes", "no", "maybe"]

    public init() {}

    private struct Record: Decodable {
        let question: String
        let contexts: [String]
        let decision: String

        enum CodingKeys: String, CodingKey {
            case question = "QUESTION"
            case contexts = "CONTEXTS"
            case decision = "final_decision"
        }
    }

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["json"])
        let file = try DataFile(url)
        var items: [BenchmarkItem] = []
        for entry in try JSONObjectEntries.read(file.bytes, file: file.path) {
            let record: Record = try RecordDecoder.decode(from: entry.value, file: file.path, line: entry.line)
            func refuse(_ field: String, _ reason: String) -> BenchmarkError {
                .record(file.path, line: entry.line, field: field, reason, remedy: RecordDecoder.layoutRemedy)
            }
            let gold = record.decision.lowercased()
            guard Self.labels.contains(gold) else { throw refuse("final_decision", "is none of yes, no, maybe") }
            guard !record.question.isBlank else { throw refuse("QUESTION", "is empty") }
            items.append(
                BenchmarkItem(
                    id: entry.key, question: record.question, context: record.contexts.joined(separator: "\n"),
                    labels: Self.labels, gold: gold))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
