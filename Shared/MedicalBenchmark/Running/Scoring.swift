// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Turns answers into metrics, whoever gave them.
struct Scoring {
    let task: any BenchmarkTask
    let dataset: BenchmarkDataset
    let settings: EvaluationSettings

    /// `answers` has one of the item's labels an item, or nil.
    func result(answers: [String?]) throws(BenchmarkError) -> EvaluationResult {
        let outcomes = ItemOutcomes(
            labels: dataset.labels, ids: dataset.items.map(\.id), gold: dataset.items.map(\.gold), answers: answers)
        let bootstrap = Bootstrap(resamples: settings.resamples, seed: settings.seed)
        let metrics = try ClassificationMetrics(profile: settings.profile).estimates(of: outcomes, bootstrap: bootstrap)
        let parsed = answers.count { $0 != nil }
        return EvaluationResult(
            task: task.id, taskName: task.name, split: dataset.split, dataSHA256: dataset.sha256,
            profile: settings.profile, bootstrap: bootstrap, items: answers.count, metrics: metrics,
            parseRate: answers.isEmpty ? 0 : Double(parsed) / Double(answers.count), truncated: 0, unfit: 0,
            majority: try MajorityBaseline(outcomes: outcomes, profile: settings.profile), outcomes: outcomes)
    }
}
