// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The benchmark's data sets by their ids.
public enum BenchmarkCatalog {
    /// The paper's thirteen in its order (Table 6), then two that are asked for beside them.
    public static let tasks: [any BenchmarkTask] = [
        PubMedQA(), MedQA(), MedMCQA(), EmrQA(), I2B2(), DDI2013(), HoC(), MTSamples(), PubMedSummarization(),
        MIMICCXR(),
        BioNLI(), MedNLI(), MMLU(), MMLU(isMedical: true), MedExQA(),
    ]

    /// The ids of the paper's data sets.
    static let paper = tasks.prefix(13).map(\.id)

    /// The task of an id.
    public static func task(_ id: String) throws(BenchmarkError) -> any BenchmarkTask {
        if let task = tasks.first(where: { $0.id == id }) { return task }
        throw BenchmarkError(
            .unknownTask, "task \"\(id.prefix(60))\"", "no benchmark has this id",
            remedy: "use one of: \(tasks.map(\.id).joined(separator: ", "))")
    }
}
