// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// One data set of the benchmark: how its files are read, how it is asked and how an answer looks.
public protocol BenchmarkTask: Sendable {
    /// The id in job messages, such as `pubmedqa`.
    var id: String { get }
    /// The name in the paper's tables, such as `PubMedQA`.
    var name: String { get }
    /// Where its publisher gives it.
    var source: String { get }
    /// Other spellings of labels that strict parsing takes for them.
    var aliases: [String: String] { get }
    /// What an answer looks like, which decides how outputs are parsed.
    var answerKind: AnswerKind { get }
    /// The prompts it can be asked with; the first is the default.
    var prompts: [PromptTemplate] { get }

    /// Reads a split from a file or folder in the publisher's layout.
    ///
    /// Throws `BenchmarkError` naming file, line and field where a record breaks the layout.
    func read(_ location: URL, split: String?) throws(BenchmarkError) -> BenchmarkDataset

    /// Where worked examples come from if nobody says: part of the publisher's layout, or nil.
    func defaultShots(for location: URL) -> URL?

    /// The split that worked examples are read from where a folder is given for them.
    var shotsSplit: String { get }

    /// Worked examples for one item, never the item itself. Depends on `seed` and the item alone.
    func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem], seed: UInt64
    ) throws(BenchmarkError) -> [BenchmarkItem]
}

extension BenchmarkTask {
    /// Whether the publisher gives the data to approved users only; such data is never sent to a third party's model.
    public var isRestricted: Bool { !(self is any OpenBenchmarkTask) }

    public var aliases: [String: String] { [:] }

    public var shotsSplit: String { "train" }

    public func defaultShots(for location: URL) -> URL? { nil }

    public func shots(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem], seed: UInt64
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        try FewShotSampler(seed: seed).sample(count, for: item, from: pool)
    }

    /// The prompt of a name, or the default.
    public func prompt(named name: String?) throws(BenchmarkError) -> PromptTemplate {
        let known = prompts.map(\.name).joined(separator: ", ")
        guard let prompt = name == nil ? prompts.first : prompts.first(where: { $0.name == name }) else {
            throw BenchmarkError(
                .unknownPrompt, "prompt \"\(name ?? "")\"", "\(id) has no prompt of this name",
                remedy: "use one of: \(known)")
        }
        return prompt
    }
}
