// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// PubMed summarization: an article's text in, its abstract out (Cohan et al., 2018).
///
/// Layout (github.com/armancohan/long-summarization): `test.txt`, JSON Lines of `article_id`, `article_text` and
/// `abstract_text`, both lists of sentences, those of the abstract between `<S>` and `</S>`.
public struct PubMedSummarization: OpenBenchmarkTask {
    public let id = "pubmed-summarization"
    public let name = "PubMed (summarization)"
    public let source = "https://github.com/armancohan/long-summarization"
    public let answerKind = AnswerKind.summary
    public let prompts = PromptLibrary.tableA2("PubMedSum", slots: [.context]) + PromptLibrary.code("PubMedSum")

    public init() {}

    private struct Record: Decodable {
        let id: String
        let article: [String]
        let abstract: [String]

        enum CodingKeys: String, CodingKey {
            case id = "article_id"
            case article = "article_text"
            case abstract = "abstract_text"
        }
    }

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(
            at: location, split: split, defaultSplit: "test", extensions: ["txt", "jsonl", "json"])
        let file = try DataFile(url)
        var items: [BenchmarkItem] = []
        for line in JSONLines.lines(of: file.bytes) {
            let record: Record = try RecordDecoder.decode(from: line.bytes, file: file.path, line: line.number)
            let summary = record.abstract.map(Self.sentence).filter { !$0.isEmpty }
            let text = record.article.joined(separator: " ")
            // Its publisher's files have a few articles without a text or an abstract.
            guard !summary.isEmpty, !text.isBlank else { continue }
            items.append(
                BenchmarkItem(
                    id: record.id, question: "", context: text, labels: [], gold: summary.joined(separator: " ")))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }

    private static func sentence(_ text: String) -> String {
        var text = PythonText.strip(text)[...]
        if text.hasPrefix("<S>") { text = text.dropFirst(3) }
        if text.hasSuffix("</S>") { text = text.dropLast(4) }
        return PythonText.strip(String(text))
    }
}
