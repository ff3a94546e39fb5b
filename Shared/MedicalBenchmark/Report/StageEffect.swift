// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a stage did to a model, measured.
public struct StageEffect: Codable, Sendable, Hashable {
    /// A domain's perplexity before and after, and of the control.
    public struct PerplexityChange: Codable, Sendable, Hashable {
        public let domain: String
        public let before: Double
        public let after: Double
        public let control: Double?
    }

    /// One metric of one task, before and after, and against the control.
    public struct ScoreChange: Codable, Sendable, Hashable {
        /// The task with its setting.
        public let task: String
        public let change: PairedDifference
        /// From the control's answers to the stage's.
        public let againstControl: PairedDifference?
    }

    public let from: String
    public let to: String
    public let control: String?
    public let training: TrainingOutline?
    public let perplexity: [PerplexityChange]
    public let scores: [ScoreChange]
    /// Results that could not be paired, each with the reason.
    public let unpaired: [String]
    /// The same in plain sentences, the summary first.
    public var sentences: [String] { StageWording(effect: self).sentences }

    private enum CodingKeys: String, CodingKey {
        case from, to, control, training, perplexity, scores, unpaired
    }

    init(from: ReportInput.Entry, to: ReportInput.Entry, control: ReportInput.Entry?, bootstrap: Bootstrap) {
        self.from = from.label
        self.to = to.label
        self.control = control?.label
        training = to.training
        perplexity = (to.perplexity ?? [:]).sorted { $0.key < $1.key }.compactMap { domain, after in
            guard let before = from.perplexity?[domain] else { return nil }
            return PerplexityChange(
                domain: domain, before: before.perplexity, after: after.perplexity,
                control: control?.perplexity?[domain]?.perplexity)
        }
        var scores: [ScoreChange] = []
        var unpaired: [String] = []
        for after in to.evaluations ?? [] {
            let setting = ScoreTable.Setting(after)
            func same(_ entry: ReportInput.Entry?) -> EvaluationResult? {
                entry?.evaluations?.first { ScoreTable.Setting($0) == setting }
            }
            guard let before = same(from) else {
                unpaired.append(
                    "\(ScoreTable.heading(after)): \(from.label) was not asked the same items in this setting")
                continue
            }
            guard before.unfit < before.items || after.unfit < after.items else {
                unpaired.append("\(ScoreTable.heading(after)): no prompt fits the context, so nothing was compared")
                continue
            }
            let compared = after.kind.headline(after.profile)
                .filter { $0.paper != nil && $0.name != "weightedF1" }
                .map(\.name)
            do throws(BenchmarkError) {
                let changes = try PairedDifference.between(before, after, bootstrap: bootstrap)
                let controls = try same(control).map { other throws(BenchmarkError) in
                    try PairedDifference.between(other, after, bootstrap: bootstrap)
                }
                for (index, change) in changes.enumerated() where compared.contains(change.metric) {
                    scores.append(
                        ScoreChange(
                            task: ScoreTable.heading(after), change: change, againstControl: controls?[index]))
                }
            } catch {
                unpaired.append("\(ScoreTable.heading(after)): \(error.reason)")
            }
        }
        self.scores = scores
        self.unpaired = unpaired
    }
}
