// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a score changed between two evaluations of the same items.
///
/// Items are resampled together with both their answers, so what makes an item hard for both models cancels out: the
/// interval is narrower, and more honest, than the two scores' own intervals suggest.
public struct PairedDifference: Codable, Sendable, Hashable {
    /// `accuracy`, `macroF1` or `weightedF1`.
    public let metric: String
    public let before: Double
    public let after: Double
    /// after − before, with its 95 % interval.
    public let difference: MetricEstimate
    public let items: Int
    /// Items whose answer is another than before.
    public let changedAnswers: Int

    /// Whether the interval leaves out 0.
    public var isMeasurable: Bool { difference.low > 0 || difference.high < 0 }

    /// The differences of all metrics. Throws where the two are not of the same task, items and profile.
    public static func between(
        _ before: EvaluationResult, _ after: EvaluationResult, bootstrap: Bootstrap = Bootstrap()
    ) throws(BenchmarkError) -> [PairedDifference] {
        guard before.task == after.task, before.outcomes.itemsSHA256 == after.outcomes.itemsSHA256,
            before.dataSHA256 == after.dataSHA256, before.outcomes.labels == after.outcomes.labels
        else {
            throw BenchmarkError(
                .mismatch, "\(before.task) before and after", "are not of the same items",
                remedy: "evaluate both models on the same data, records and limit")
        }
        guard before.profile == after.profile else {
            throw BenchmarkError(
                .mismatch, "\(before.task) before and after", "are scored by different profiles",
                remedy: "score both with the same profile")
        }
        let (first, second) = (try before.outcomes.indices(), try after.outcomes.indices())
        guard first.count == second.count, zip(first, second).allSatisfy({ $0.gold == $1.gold }) else {
            throw BenchmarkError(
                .mismatch, "\(before.task) before and after", "have different right answers",
                remedy: "evaluate both models on the same data")
        }
        let metrics = ClassificationMetrics(profile: before.profile)
        let labels = before.outcomes.labels.count
        let all = Array(first.indices)
        let values = (
            metrics.values(first, sample: all, labels: labels), metrics.values(second, sample: all, labels: labels)
        )
        let differences = bootstrap.estimates(items: first.count) { sample in
            zip(
                metrics.values(second, sample: sample, labels: labels),
                metrics.values(first, sample: sample, labels: labels)
            ).map { $0 - $1 }
        }
        let changed = zip(first, second).count { $0.answer != $1.answer }
        return ClassificationMetrics.names.indices.map { index in
            PairedDifference(
                metric: ClassificationMetrics.names[index], before: values.0[index], after: values.1[index],
                difference: differences[index], items: first.count, changedAnswers: changed)
        }
    }
}
