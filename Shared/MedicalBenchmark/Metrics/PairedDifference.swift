// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How a score changed between two evaluations of the same items.
///
/// Items are resampled together with both their answers, so what makes an item hard for both models cancels out: the
/// interval is narrower, and more honest, than the two scores' own intervals suggest.
public struct PairedDifference: Codable, Sendable, Hashable {
    /// Such as `accuracy`.
    public let metric: String
    public let before: Double
    public let after: Double
    /// after − before, with its 95 % interval.
    public let difference: MetricEstimate
    public let items: Int
    /// Items whose answer is another than before.
    public let changedAnswers: Int
    /// Of right and wrong answers, where an answer is one or the other.
    public let mcNemar: McNemarTest?

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
        guard before.items == after.items, before.outcomes.gold == after.outcomes.gold else {
            throw BenchmarkError(
                .mismatch, "\(before.task) before and after", "have different right answers",
                remedy: "evaluate both models on the same data")
        }
        let families = (try before.outcomes.metrics(before.profile), try after.outcomes.metrics(after.profile))
        // Two results may have metrics of their own, as of log-likelihoods a token: those both have are compared.
        // Figures of two encoders can't be compared.
        let isOneEncoder = before.bertScore?.hash == after.bertScore?.hash
        let names = families.0.names.filter {
            families.1.names.contains($0) && (isOneEncoder || !$0.hasPrefix("bertScore"))
        }
        func shared(_ family: MetricFamily) -> ([Int]) -> [Double] {
            let places = names.compactMap { family.names.firstIndex(of: $0) }
            return { sample in
                let values = family.values(sample)
                return places.map { values[$0] }
            }
        }
        let (first, second) = (shared(families.0), shared(families.1))
        let all = Array(0..<before.items)
        let values = (first(all), second(all))
        let differences = bootstrap.estimates(items: before.items) { sample in
            zip(second(sample), first(sample)).map { $0 - $1 }
        }
        let changes = try before.outcomes.changes(to: after.outcomes)
        return names.indices.map { index in
            PairedDifference(
                metric: names[index], before: values.0[index], after: values.1[index],
                difference: differences[index], items: before.items, changedAnswers: changes.answers,
                mcNemar: names[index] == "accuracy" || names[index] == "exactMatch" ? changes.test : nil)
        }
    }
}
