// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What answering always the most frequent label would score: a model at or below it shows no knowledge.
public struct MajorityBaseline: Codable, Sendable, Hashable {
    /// The first of the most frequent labels.
    public let label: String
    public let accuracy: Double
    public let macroF1: Double
    public let weightedF1: Double

    init(outcomes: ItemOutcomes, profile: ScoringProfile) throws(BenchmarkError) {
        let pairs = try outcomes.indices()
        var counts = [Int](repeating: 0, count: outcomes.labels.count)
        for pair in pairs { counts[pair.gold] += 1 }
        let most = counts.max() ?? 0
        let majority = counts.firstIndex(of: most) ?? 0
        label = outcomes.labels.indices.contains(majority) ? outcomes.labels[majority] : ""
        let constant = pairs.map { (gold: $0.gold, answer: majority) }
        let values = ClassificationMetrics(profile: profile)
            .values(constant, sample: Array(pairs.indices), labels: outcomes.labels.count)
        (accuracy, macroF1, weightedF1) = (values[0], values[1], values[2])
    }
}
