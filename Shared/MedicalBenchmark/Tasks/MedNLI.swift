// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// MedNLI: pairs of sentences of clinical notes (Romanov and Shivade, 2018).
///
/// Layout (physionet.org/content/mednli): `mli_test_v1.jsonl`, JSON Lines of `pairID`, `sentence1`, `sentence2`,
/// `gold_label`.
public struct MedNLI: BenchmarkTask {
    public let id = "mednli"
    public let name = "MedNLI"
    public let source = "https://physionet.org/content/mednli (credentialed access)"
    public let answerKind = AnswerKind.word
    public let prompts = NaturalLanguageInference.prompts("MedNLI")

    public init() {}

    private struct Record: Decodable {
        let pairID: String?
        let sentence1: String
        let sentence2: String
        let gold: String

        enum CodingKeys: String, CodingKey {
            case pairID, sentence1, sentence2
            case gold = "gold_label"
        }
    }

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["jsonl"])
        let file = try DataFile(url)
        var items: [BenchmarkItem] = []
        for line in JSONLines.lines(of: file.bytes) {
            let record: Record = try RecordDecoder.decode(from: line.bytes, file: file.path, line: line.number)
            guard NaturalLanguageInference.labels.contains(record.gold) else {
                throw .record(
                    file.path, line: line.number, field: "gold_label", "is none of entailment, contradiction, neutral",
                    remedy: RecordDecoder.layoutRemedy)
            }
            items.append(
                NaturalLanguageInference.item(
                    id: record.pairID ?? String(items.count), premise: record.sentence1, hypothesis: record.sentence2,
                    gold: record.gold))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
