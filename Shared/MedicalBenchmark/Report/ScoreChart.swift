// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Bars with their intervals: a group a task and setting, a bar a model, a dashed line where the majority class stands.
struct ScoreChart {
    private let models: [String]
    private let groups: [Group]

    private struct Group {
        let title: String
        let metric: String
        let bars: [(model: Int, estimate: MetricEstimate)]
        let majority: Double?
    }

    /// Nil where nothing was scored.
    init?(_ report: BenchmarkReport) {
        models = report.models
        let order = Dictionary(uniqueKeysWithValues: report.models.enumerated().map { ($1, $0) })
        groups = report.scores.compactMap { table in
            let metric = table.kind.mainMetric(table.profile)
            let bars = table.rows.compactMap { row in
                row.metrics[metric.name].flatMap { estimate in order[row.model].map { ($0, estimate) } }
            }
            guard !bars.isEmpty else { return nil }
            return Group(
                title: table.heading, metric: metric.title, bars: bars, majority: table.majority?[metric.name])
        }
        if groups.isEmpty { return nil }
    }

    var svg: String {
        let (left, right, bar, gap) = (300.0, 70.0, 15.0, 16.0)
        let body = groups.reduce(0) { $0 + Double($1.bars.count) * bar + gap }
        let legend = Double((models.reduce(0) { $0 + 26 + $1.count * 7 }) / 900 + 1) * 18
        var svg = SVG(
            width: 960, height: 24 + legend + body + 30,
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
            let height = Double(group.bars.count) * bar
            svg.text(group.title, left - 12, y + height / 2 - 1, anchor: .end, size: 12, isBold: true)
            svg.text(group.metric, left - 12, y + height / 2 + 13, anchor: .end, size: 11, colour: SVG.grey)
            for (index, entry) in group.bars.enumerated() {
                let place = y + Double(index) * bar
                let end = left + scale * entry.estimate.value
                svg.bar(
                    left, place + 1.5, scale * entry.estimate.value, bar - 3, colour: SVG.colour(entry.model),
                    opacity: 0.85)
                let (low, high) = (left + scale * entry.estimate.low, left + scale * entry.estimate.high)
                let middle = place + bar / 2
                svg.line(low, middle, high, middle, colour: "#1c2530", width: 1.4)
                svg.line(low, middle - 3, low, middle + 3, colour: "#1c2530", width: 1.4)
                svg.line(high, middle - 3, high, middle + 3, colour: "#1c2530", width: 1.4)
                svg.text(Figures.fixed(entry.estimate.value, 3), max(end, high) + 8, middle + 4, size: 11)
            }
            if let majority = group.majority {
                let x = left + scale * majority
                svg.line(x, y - 3, x, y + height + 3, colour: SVG.grey, width: 1.2, isDashed: true)
            }
            y += height + gap
        }
        return svg.markup
    }
}
