// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// Hallmarks of Cancer: which of ten hallmarks an abstract is about (Baker et al., 2016).
///
/// Layout: TSV with `pmid`, `text` and `labels`, joined by `;`; none where the abstract is about none.
public struct HoC: OpenBenchmarkTask {
    public let id = "hoc"
    public let name = "HoC"
    public let source = "https://github.com/sb895/Hallmarks-of-Cancer"
    public let answerKind = AnswerKind.topics
    public let prompts = PromptLibrary.tableA2("HoC", slots: [.context]) + PromptLibrary.code("HoC")

    /// In the authors' order.
    static let labels = [
        "sustaining proliferative signaling", "evading growth suppressors", "resisting cell death",
        "enabling replicative immortality", "inducing angiogenesis", "activating invasion and metastasis",
        "genomic instability and mutation", "tumor promoting inflammation", "cellular energetics",
        "avoiding immune destruction",
    ]

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["tsv"])
        let file = try DataFile(url)
        let table = try DataTable(file, .tsv, columns: ["pmid", "text", "labels"])
        var items: [BenchmarkItem] = []
        for row in table.rows {
            let labels = (row["labels"] ?? "").split(separator: ";").map { PythonText.strip(String($0)) }
            guard labels.allSatisfy({ Self.labels.contains($0) }) else {
                throw .record(
                    file.path, line: row.line, field: "labels", "has one that is no hallmark",
                    remedy: RecordDecoder.layoutRemedy)
            }
            items.append(
                BenchmarkItem(
                    id: row["pmid"] ?? "", question: "", context: row["text"], labels: Self.labels,
                    gold: labels.joined(separator: ";"), accepted: labels))
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
