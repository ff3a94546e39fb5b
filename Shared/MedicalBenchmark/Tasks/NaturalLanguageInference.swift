// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What BioNLI and MedNLI have in common: whether a hypothesis follows from a premise.
enum NaturalLanguageInference {
    /// In the order in which the authors' parser looks for them.
    static let labels = ["entailment", "contradiction", "neutral"]

    static func prompts(_ dataset: String) -> [PromptTemplate] {
        PromptLibrary.tableA2(dataset, slots: [.pair]) + PromptLibrary.code(dataset)
    }

    static func item(id: String, premise: String, hypothesis: String, gold: String) -> BenchmarkItem {
        BenchmarkItem(id: id, question: hypothesis, context: premise, labels: labels, gold: gold)
    }
}
