// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// BioNLI: does an abstract's conclusion follow from its other sentences, or was it altered? (Bastan et al., 2022).
///
/// Layout (github.com/StonyBrookNLP/BioNLI, its data preparation): CSV with `supp_set` (premise), `conclusion`
/// (hypothesis) and `label_cat`: `pos` for the authors' own conclusion, else how it was altered. The set has two classes;
/// the paper's prompt offers three, so "neutral" is never right. Records are numbered from 0.
public struct BioNLI: OpenBenchmarkTask {
    public let id = "bionli"
    public let name = "BioNLI"
    public let source = "https://github.com/StonyBrookNLP/BioNLI (the test split on request)"
    public let answerKind = AnswerKind.word
    public let prompts = NaturalLanguageInference.prompts("BioNLI")

    public init() {}

    public func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset {
        let url = try DataLocation.file(at: location, split: split, defaultSplit: "test", extensions: ["csv"])
        let file = try DataFile(url)
        let table = try DataTable(file, .csv, columns: ["supp_set", "conclusion", "label_cat"])
        let items = table.rows.map { row in
            NaturalLanguageInference.item(
                id: String(row.number), premise: row["supp_set"] ?? "", hypothesis: row["conclusion"] ?? "",
                gold: row["label_cat"] == "pos" ? "entailment" : "contradiction")
        }
        return try BenchmarkDataset(
            split: split ?? DataLocation.split(of: url), file: file.path, sha256: file.digest, items: items)
    }
}
