// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A spoke a task and a shape a model: the main metric of each task asked in one setting, from 0 in the middle to 1.
struct RadarChart {
    private let setting: String
    private let models: [String]
    private let tasks: [(name: String, metric: String)]
    /// By model, a value a task; nil where it was not asked, or its prompts fit no context.
    private let values: [[Double?]]

    /// A chart a setting in which three tasks or more have a score.
    static func charts(_ report: BenchmarkReport) -> [RadarChart] {
        var settings: [String] = []
        for table in report.scores where !settings.contains(table.setting) { settings.append(table.setting) }
        return settings.compactMap { setting in
            var tables: [ScoreTable] = []
            for table in report.scores where table.setting == setting {
                let isNew = !tables.contains { $0.shortName == table.shortName }
                if isNew, table.rows.contains(where: { !table.isUnfit($0) }) { tables.append(table) }
            }
            return tables.count > 2 ? RadarChart(setting, tables, models: report.models) : nil
        }
    }

    private init(_ setting: String, _ tables: [ScoreTable], models: [String]) {
        self.setting = setting
        self.models = models
        tasks = tables.map { ($0.shortName, $0.kind.mainMetric($0.profile).title) }
        values = models.map { model in
            tables.map { table in
                table.rows.first { $0.model == model && !table.isUnfit($0) }?
                    .metrics[table.kind.mainMetric(table.profile).name]?.value
            }
        }
    }

    var svg: String {
        var svg = SVG(width: 500, height: 440, label: "Scores by task, a shape a model; \(setting)")
        svg.text(setting.isEmpty ? "saved answers" : setting, 0, 14, size: 13, isBold: true)
        let top = svg.legend(models, x: 0, y: 34)
        let (x, y, radius) = (250.0, 230 + top / 2, 135.0)
        func place(_ task: Int, _ share: Double) -> (x: Double, y: Double) {
            let angle = 2 * Double.pi * Double(task) / Double(tasks.count) - Double.pi / 2
            return (x + cos(angle) * radius * share, y + sin(angle) * radius * share)
        }
        for ring in 1...5 {
            let share = Double(ring) / 5
            svg.polygon(tasks.indices.map { place($0, share) }, colour: SVG.faint, width: 1)
        }
        for index in tasks.indices {
            let end = place(index, 1)
            svg.line(x, y, end.x, end.y, colour: SVG.faint)
        }
        for (index, row) in values.enumerated() where row.contains(where: { $0 != nil }) {
            // A task without a score stands in the middle.
            let points = row.enumerated().map { place($0.offset, $0.element ?? 0) }
            svg.polygon(points, colour: SVG.colour(index), fill: 0.14)
            for point in points { svg.circle(point.x, point.y, 3, colour: SVG.colour(index)) }
        }
        for ring in 1...5 {
            let share = Double(ring) / 5
            svg.text(
                Figures.fixed(share, 1), x + 4, y - radius * share + 11, size: 10, colour: SVG.grey, hasHalo: true)
        }
        for (index, task) in tasks.enumerated() {
            let label = place(index, 1.1)
            let anchor: SVG.Anchor = abs(label.x - x) < 12 ? .middle : label.x > x ? .start : .end
            let shift = label.y < y - 40 ? -8.0 : 0
            svg.text(SVG.short(task.name, 22), label.x, label.y + shift, anchor: anchor, isBold: true)
            svg.text(task.metric, label.x, label.y + shift + 13, anchor: anchor, size: 10.5, colour: SVG.grey)
        }
        return svg.markup
    }
}
