// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

/// A record of a train split as supervised fine-tuning learns it (Me LLaMA, Methods): the prompt that its evaluation asks,
/// and the right answer as a worked example shows it.
public struct TrainingExample: Sendable, Hashable {
    /// The prompt before its passage.
    public let head: String
    /// The passage: the part whose beginning may be left out where the prompt is too long.
    public let context: String
    /// The prompt after its passage.
    public let tail: String
    /// Between prompt and answer.
    public let separator: String
    /// As the prompt words it; empty where nothing is right, such as an abstract without a hallmark.
    public let answer: String

    /// The examples of a file, or of a split of a folder, in the publisher's layout and order.
    ///
    /// - `split` counts where `data` is a folder; by default the one that worked examples come from.
    /// - `records` are counted from 0 in file order, and `limit` takes the first of them.
    /// - `prompt` is the name of one of the task's prompts; by default its first.
    ///
    /// Throws where the data are missing or break the layout, or no prompt has the name.
    public static func examples(
        of task: any BenchmarkTask, data: URL, split: String? = nil, records: Range<Int>? = nil, limit: Int? = nil,
        prompt name: String? = nil
    ) throws(BenchmarkError) -> [TrainingExample] {
        let prompt = try task.prompt(named: name)
        guard FileManager.default.fileExists(atPath: data.path) else { throw .notSupplied(task, data) }
        let split = DataLocation.isFolder(data) ? split ?? task.shotsSplit : split
        let items = try task.read(data, split: split).selecting(records: records, limit: limit).items
        return items.map { item in
            let rendered = prompt.render(item)
            return TrainingExample(
                head: rendered.preamble + rendered.head, context: rendered.context, tail: rendered.tail,
                separator: prompt.answerSeparator, answer: prompt.wording(item.gold))
        }
    }
}
