// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The metrics of a kind of task as functions of which items count: what a bootstrap draws from.
struct MetricFamily {
    /// In the order in which reports show them.
    let names: [String]
    /// The metrics over items of these indices, which may repeat; in the names' order.
    let values: ([Int]) -> [Double]

    /// All metrics over all items, with their intervals.
    func estimates(items: Int, bootstrap: Bootstrap) -> [String: MetricEstimate] {
        Dictionary(uniqueKeysWithValues: zip(names, bootstrap.estimates(items: items, values)))
    }
}

extension ItemOutcomes {
    /// The metrics of these outcomes under a profile. Throws where they are none that was written here.
    func metrics(_ profile: ScoringProfile) throws(BenchmarkError) -> MetricFamily {
        switch form {
        case .choices: try choiceMetrics(profile)
        case .labelSets: try labelSetMetrics()
        case .entities: try entityMetrics(profile)
        case .values: try valueMetrics()
        }
    }

    private func choiceMetrics(_ profile: ScoringProfile) throws(BenchmarkError) -> MetricFamily {
        let metrics = ClassificationMetrics(profile: profile)
        let pairs = try indices()
        let labelCount = labels.count
        guard answersPerToken != nil else {
            return MetricFamily(names: ClassificationMetrics.names) {
                metrics.values(pairs, sample: $0, labels: labelCount)
            }
        }
        let perToken = try indices(perToken: true)
        return MetricFamily(
            names: ClassificationMetrics.names + ["accuracyPerToken", "macroF1PerToken"]
        ) { sample in
            metrics.values(pairs, sample: sample, labels: labelCount)
                + metrics.values(perToken, sample: sample, labels: labelCount).prefix(2)
        }
    }

    private func labelSetMetrics() throws(BenchmarkError) -> MetricFamily {
        let sets = try self.sets()
        let labelCount = labels.count
        return MetricFamily(names: ["macroF1", "microF1", "sampleF1", "exactMatch"]) { sample in
            var counts = MultilabelCounts(labels: labelCount)
            for index in sample { counts.add(expected: sets[index].expected, given: sets[index].given) }
            return [counts.macroF1, counts.microF1, counts.sampleMeanF1, counts.exactMatch]
        }
    }

    private func entityMetrics(_ profile: ScoringProfile) throws(BenchmarkError) -> MetricFamily {
        let items = try entities()
        let labels = labels
        return MetricFamily(names: ["macroF1", "microF1", "precision", "recall"]) { sample in
            var sums = [EntityCounts.Count](repeating: EntityCounts.Count(), count: labels.count)
            for index in sample {
                for (type, count) in items[index].enumerated() { sums[type].add(count) }
            }
            var counts = EntityCounts()
            for (type, sum) in zip(labels, sums) { counts.add(sum, type: type) }
            let counted = zip(labels, sums).filter { profile == .strict || $0.1.expected > 0 }.map(\.0)
            let micro = counts.micro
            return [counts.macro(over: counted).f1, micro.f1, micro.precision, micro.recall]
        }
    }

    private func valueMetrics() throws(BenchmarkError) -> MetricFamily {
        let values = values ?? [:]
        guard Set(values.values.map(\.count)).count <= 1 else { throw Self.broken }
        let names = values.keys.sorted()
        let columns = names.map { values[$0] ?? [] }
        return MetricFamily(names: names) { sample in
            columns.map { column in
                sample.isEmpty ? 0 : sample.reduce(0) { $0 + column[$1] } / Double(sample.count)
            }
        }
    }
}
