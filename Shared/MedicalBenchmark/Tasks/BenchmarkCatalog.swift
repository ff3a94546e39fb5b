// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The benchmark's thirteen data sets by their ids.
public enum BenchmarkCatalog {
    /// What is known of a data set whether or not it can be run.
    public struct Entry: Sendable, Hashable {
        public let id: String
        /// As in the paper's tables.
        public let name: String
        /// Whether its owners give it to approved users only.
        public let isRestricted: Bool
        public let isSupported: Bool
    }

    /// The data sets that can be run.
    public static let tasks: [any BenchmarkTask] = [PubMedQA(), MedQA(), MedMCQA(), MMLU()]

    /// All thirteen, in the paper's order (Table 6).
    public static let entries: [Entry] = [
        ("pubmedqa", "PubMedQA", false), ("medqa", "MedQA", false), ("medmcqa", "MedMCQA", false),
        ("emrqa", "EmrQA", true), ("i2b2-2012", "2012 i2b2", true), ("ddi2013", "2013 DDI", false),
        ("hoc", "HoC", false), ("mtsamples", "MTSamples", false),
        ("pubmed-summarization", "PubMed (summarization)", false), ("mimic-cxr", "MIMIC-CXR", true),
        ("bionli", "BioNLI", false), ("mednli", "MedNLI", true), ("mmlu", "MMLU", false),
    ].map { id, name, isRestricted in
        Entry(id: id, name: name, isRestricted: isRestricted, isSupported: tasks.contains { $0.id == id })
    }

    /// The task of an id.
    public static func task(_ id: String) throws(BenchmarkError) -> any BenchmarkTask {
        if let task = tasks.first(where: { $0.id == id }) { return task }
        let supported = tasks.map(\.id).joined(separator: ", ")
        guard let entry = entries.first(where: { $0.id == id }) else {
            throw BenchmarkError(
                .unknownTask, "task \"\(id.prefix(60))\"", "no benchmark has this id",
                remedy: "use one of: \(supported)")
        }
        throw BenchmarkError(
            .unsupportedTask, "task \"\(id)\"", "\(entry.name) is not supported yet",
            remedy: "supported are: \(supported)")
    }
}
