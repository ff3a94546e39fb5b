// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Bars with their intervals: a group a task and setting, a bar a model, a dashed line where the majority class stands.
struct ScoreChart {
    private let models: [String]
    private let groups: [Group]

    private struct Group {
        let title: String
        let subtitle: String
        /// Nil where the prompt fits the context of no item.
        let bars: [(model: Int, estimate: MetricEstimate?)]
        let majority: Double?
    }

    /// Nil where nothing was scored.
    init?(_ report: BenchmarkReport) {
        models = report.models
        let order = Dictionary(uniqueKeysWithValues: report.models.enumerated().map { ($1, $0) })
        groups = report.scores.compactMap { table in
            let metric = table.kind.mainMetric(table.profile)
            let bars = table.rows.compactMap { row -> (Int, MetricEstimate?)? in
                guard let estimate = row.metrics[metric.name], let place = order[row.model] else { return nil }
                return (place, table.isUnfit(row) ? nil : estimate)
            }
            guard !bars.isEmpty else { return nil }
            return Group(
                title: table.shortName,
                subtitle: [table.setting, metric.title].filter { !$0.isEmpty }.joined(separator: " · "), bars: bars,
                majority: table.majority?[metric.name])
        }
        if groups.isEmpty { return nil }
    }

    var svg: String {
        let (left, right, bar, gap) = (270.0, 70.0, 16.0, 14.0)
        // Two lines of text stand beside each group.
        func height(_ group: Group) -> Double { max(28, Double(group.bars.count) * bar) }
        let body = groups.reduce(0) { $0 + height($1) + gap }
        let legend = Double((models.reduce(0) { $0 + 26 + min(40, $1.count) * 7 }) / 900 + 1) * 18
        var svg = SVG(
            width: 1040, height: 24 + legend + body + 30,
            label: "Scores by task and model, with 95 % intervals")
        let top = 24 + svg.legend(models, x: 0, y: 12)
        let scale = svg.width - left - right
        for tick in 0...5 {
            let x = left + scale * Double(tick) / 5
            svg.line(x, top - 8, x, top + body, colour: SVG.faint)
            svg.text(
                Figures.fixed(Double(tick) / 5, 1), x, top + body + 16, anchor: .middle, size: 11, colour: SVG.grey)
        }
        var y = top
        for group in groups {
            let height = height(group)
            svg.text(group.title, left - 12, y + height / 2 - 2, anchor: .end, size: 12.5, isBold: true)
            svg.text(group.subtitle, left - 12, y + height / 2 + 12, anchor: .end, size: 11, colour: SVG.grey)
            let first = y + (height - Double(group.bars.count) * bar) / 2
            if let majority = group.majority {
                let x = left + scale * majority
                svg.line(x, y - 3, x, y + height + 3, colour: SVG.grey, width: 1.2, isDashed: true)
            }
            for (index, entry) in group.bars.enumerated() {
                draw(entry, at: first + Double(index) * bar, left: left, scale: scale, bar: bar, in: &svg)
            }
            y += height + gap
        }
        return svg.markup
    }

    private func draw(
        _ entry: (model: Int, estimate: MetricEstimate?), at place: Double, left: Double, scale: Double, bar: Double,
        in svg: inout SVG
    ) {
        let middle = place + bar / 2
        guard let estimate = entry.estimate else {
            svg.bar(left, place + 3, 3, bar - 6, colour: SVG.colour(entry.model))
            return svg.text(ScoreTable.unfitCell, left + 10, middle + 4, size: 11, colour: SVG.grey)
        }
        svg.bar(left, place + 2, max(1, scale * estimate.value), bar - 4, colour: SVG.colour(entry.model))
        let (low, high) = (left + scale * estimate.low, left + scale * estimate.high)
        if high > low {
            svg.line(low, middle, high, middle, colour: SVG.ink, width: 1.4)
            svg.line(low, middle - 3.5, low, middle + 3.5, colour: SVG.ink, width: 1.4)
            svg.line(high, middle - 3.5, high, middle + 3.5, colour: SVG.ink, width: 1.4)
        }
        // A halo in the page's colour keeps the figure readable on the dashed line.
        svg.text(Figures.fixed(estimate.value, 3), high + 8, middle + 4, size: 11.5, hasHalo: true)
    }
}
