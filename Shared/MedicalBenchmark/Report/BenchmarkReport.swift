// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Models side by side: what they were trained on, how well they predict held-out text, how they answer, and what each
/// stage did.
public struct BenchmarkReport: Codable, Sendable, Hashable {
    public struct Training: Codable, Sendable, Hashable {
        public let model: String
        public let summary: TrainingOutline
    }

    public struct Perplexity: Codable, Sendable, Hashable {
        public let model: String
        public let domains: [String: DomainPerplexity]
    }

    /// A stage with its sentences, as the JSON report has it.
    public struct Stage: Codable, Sendable, Hashable {
        public let effect: StageEffect
        public let sentences: [String]
    }

    /// A data set without a result.
    public struct NotRun: Codable, Sendable, Hashable {
        public let task: String
        public let taskName: String
        public let restricted: Bool
        /// Where its publisher gives it.
        public let source: String
    }

    public let title: String
    /// The columns, in their order.
    public let models: [String]
    /// By column, the tasks whose train split it was fine-tuned on.
    public let supervised: [String: [String]]
    public let corpus: CorpusOutline?
    public let training: [Training]
    public let perplexity: [Perplexity]
    public let scores: [ScoreTable]
    public let stages: [Stage]
    /// What answering freely costs against being held to the answers.
    public let format: [FormatEffect]
    /// By task, the share of its items that stand in the training data; nil where nobody looked.
    public let contamination: [String: Double]?
    /// The paper's data sets that no result is of.
    public let notRun: [NotRun]

    /// Throws where two columns have one label, or a comparison names none.
    public init(_ input: ReportInput, bootstrap: Bootstrap = Bootstrap()) throws(BenchmarkError) {
        title = input.title ?? "Benchmark report"
        models = input.results.map(\.label)
        supervised = input.results.reduce(into: [:]) { $0[$1.label] = $1.supervised }
        corpus = input.corpus
        training = input.results.compactMap { entry in
            entry.training.map { Training(model: entry.label, summary: $0) }
        }
        perplexity = input.results.compactMap { entry in
            entry.perplexity.map { Perplexity(model: entry.label, domains: $0) }
        }
        let tables = ScoreTable.tables(of: input.results)
        scores = tables
        contamination = input.contamination
        format = try FormatEffect.effects(input.results, bootstrap: bootstrap)
        notRun = BenchmarkCatalog.tasks.filter { task in
            BenchmarkCatalog.paper.contains(task.id) && !tables.contains { $0.task == task.id }
        }.map { NotRun(task: $0.id, taskName: $0.name, restricted: $0.isRestricted, source: $0.source) }

        for task in input.results.flatMap({ $0.supervised ?? [] }) { _ = try BenchmarkCatalog.task(task) }
        guard !input.results.isEmpty else {
            throw BenchmarkError(.invalidSetting, "results", "are empty", remedy: "give at least one model's results")
        }
        guard Set(models).count == models.count else {
            throw BenchmarkError(
                .invalidSetting, "results", "have one label twice", remedy: "give each model a label of its own")
        }
        let entries = Dictionary(uniqueKeysWithValues: input.results.map { ($0.label, $0) })
        func entry(_ label: String) throws(BenchmarkError) -> ReportInput.Entry {
            if let entry = entries[label] { return entry }
            throw BenchmarkError(
                .invalidSetting, "comparisons", "name \"\(label.prefix(60))\", which no result is labelled",
                remedy: "use one of: \(entries.keys.sorted().joined(separator: ", "))")
        }
        let comparisons =
            input.comparisons
            ?? zip(models, models.dropFirst()).map { ReportInput.Comparison(from: $0, to: $1) }
        var stages: [Stage] = []
        for comparison in comparisons {
            var control: ReportInput.Entry?
            if let label = comparison.control { control = try entry(label) }
            let effect = StageEffect(
                from: try entry(comparison.from), to: try entry(comparison.to), control: control, bootstrap: bootstrap)
            stages.append(Stage(effect: effect, sentences: effect.sentences))
        }
        self.stages = stages
    }

    /// Whether a column's model was fine-tuned on a task's train split.
    func isSupervised(_ model: String, task: String) -> Bool { supervised[model]?.contains(task) ?? false }
}
