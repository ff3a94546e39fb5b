// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// EmrQA: the passage of a clinical note that answers a question (Pampari et al., 2018).
///
/// Layout (github.com/panushri25/emrQA, `data.json`, and the SQuAD form that others made of it): `data` → `paragraphs` →
/// `context` (a text or a list of lines) and `qas` of `question` (a text or a list of paraphrases, of which the first is
/// asked) and `answers`, whose `text` is the answer, or their `evidence` where there is none. An id is the record's own
/// if it is a text, else `medication/0/3`: title, paragraph and question.
public struct EmrQA: BenchmarkTask {
    public let id = "emrqa"
    public let name = "EmrQA"
    public let source = "https://portal.dbmi.hms.harvard.edu/projects/n2c2-nlp (data use agreement)"
    public let answerKind = AnswerKind.passage
    public let prompts = PromptLibrary.tableA2("EmrQA", slots: [.context, .question]) + PromptLibrary.code("EmrQA")

    public init() {}

    private struct File: Decodable {
        let data: [Group]
    }

    private struct Group: Decodable {
        let title: String?
        let paragraphs: [Paragraph]
    }

    private struct Paragraph: Decodable {
        let context: Texts
        let qas: [Question]
    }

    private struct Question: Decodable {
        let id: Texts?
        let question: Texts
        let answers: [Answer]
    }

    private struct Answer: Decodable {
        let text: Texts?
        let evidence: Texts?
    }

    /// A text or a list of texts; lists in lists, which ids have, count as none.
    private struct Texts: Decodable {
        let all: [String]
        let isOne: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                (all, isOne) = ([text], true)
            } else {
                (all, isOne) = ((try? container.decode([String].self)) ?? [], false)
            }
        }

        var joined: String { all.joined(separator: "\n") }
    }

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["json"])
        let file = try DataFile(url)
        let content: File = try RecordDecoder.decode(from: file.bytes, file: file.path, line: 1)
        var items: [BenchmarkItem] = []
        for (groupNumber, group) in content.data.enumerated() {
            for (number, paragraph) in group.paragraphs.enumerated() {
                let context = paragraph.context.joined
                for (index, asked) in paragraph.qas.enumerated() {
                    let texts = asked.answers.map { Self.text(of: $0) }.filter { !$0.isBlank }
                    guard let question = asked.question.all.first, let first = texts.first else { continue }
                    let own = asked.id.flatMap { $0.isOne ? $0.all.first : nil }
                    items.append(
                        BenchmarkItem(
                            id: own ?? "\(group.title ?? String(groupNumber))/\(number)/\(index)", question: question,
                            context: context, labels: [], gold: first, accepted: texts))
                }
            }
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }

    private static func text(of answer: Answer) -> String {
        let text = answer.text?.joined ?? ""
        return PythonText.strip(text.isBlank ? answer.evidence?.joined ?? "" : text)
    }
}
