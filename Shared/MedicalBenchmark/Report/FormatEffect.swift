// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a model loses by not answering in the form that was asked for: the same items written freely, and constrained to
/// the answers.
public struct FormatEffect: Codable, Sendable, Hashable {
    public let model: String
    public let task: String
    public let taskName: String
    public let shots: Int?
    /// Of the free answers.
    public let parseRate: Double
    /// From the free answers' accuracy to the constrained ones'.
    public let change: PairedDifference

    /// Of all results of one column that were asked the same in both modes.
    static func effects(
        _ entries: [ReportInput.Entry], bootstrap: Bootstrap
    ) throws(BenchmarkError) -> [FormatEffect] {
        var effects: [FormatEffect] = []
        for entry in entries {
            let results = entry.evaluations ?? []
            for free in results where free.mode == .generate && free.kind.isChoice {
                var asked = ScoreTable.Setting(free)
                asked.mode = .constrained
                guard let held = results.first(where: { ScoreTable.Setting($0) == asked }), held.unfit < held.items
                else { continue }
                let changes = try PairedDifference.between(free, held, bootstrap: bootstrap)
                guard let change = changes.first(where: { $0.metric == "accuracy" }) else { continue }
                effects.append(
                    FormatEffect(
                        model: entry.label, task: free.task, taskName: free.taskName, shots: free.shots,
                        parseRate: free.parseRate, change: change))
            }
        }
        return effects
    }

    /// What may be said of it: a difference inside its interval is no difference.
    var verdict: String {
        change.isMeasurable
            ? change.difference.value > 0 ? "the form costs it points" : "the form helps it" : "no measurable change"
    }
}
