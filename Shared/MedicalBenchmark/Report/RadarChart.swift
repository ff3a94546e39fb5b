// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A spoke a task and a shape a model: the main metric of each, from 0 in the middle to 1.
struct RadarChart {
    private let models: [String]
    private let tasks: [String]
    /// By model, a value a task.
    private let values: [[Double?]]

    /// Of each task its first table counts. Nil with fewer than three tasks.
    init?(_ report: BenchmarkReport) {
        var first: [ScoreTable] = []
        for table in report.scores where !first.contains(where: { $0.task == table.task }) { first.append(table) }
        guard first.count > 2 else { return nil }
        models = report.models
        tasks = first.map { "\($0.taskName) (\($0.kind.mainMetric($0.profile).title))" }
        values = report.models.map { model in
            first.map { table in
                table.rows.first { $0.model == model }?.metrics[table.kind.mainMetric(table.profile).name]?.value
            }
        }
    }

    var svg: String {
        var svg = SVG(width: 760, height: 520, label: "Scores by task, a shape a model")
        let top = svg.legend(models, x: 0, y: 12)
        let (x, y, radius) = (380.0, 260 + top / 2, 185.0)
        func place(_ task: Int, _ share: Double) -> (x: Double, y: Double) {
            let angle = 2 * Double.pi * Double(task) / Double(tasks.count) - Double.pi / 2
            return (x + cos(angle) * radius * share, y + sin(angle) * radius * share)
        }
        for ring in 1...5 {
            let share = Double(ring) / 5
            svg.polygon(tasks.indices.map { place($0, share) }, colour: SVG.faint, width: 1)
            svg.text(Figures.fixed(share, 1), x + 4, y - radius * share + 12, size: 10, colour: SVG.grey)
        }
        for (index, task) in tasks.enumerated() {
            let end = place(index, 1)
            svg.line(x, y, end.x, end.y, colour: SVG.faint)
            let label = place(index, 1.09)
            let anchor: SVG.Anchor = abs(label.x - x) < 12 ? .middle : label.x > x ? .start : .end
            svg.text(task, label.x, label.y + 4, anchor: anchor)
        }
        for (index, row) in values.enumerated() where row.contains(where: { $0 != nil }) {
            // A task that a model was not asked stands in the middle.
            let points = row.enumerated().map { place($0.offset, $0.element ?? 0) }
            svg.polygon(points, colour: SVG.colour(index), fill: 0.1)
            for point in points { svg.circle(point.x, point.y, 3, colour: SVG.colour(index)) }
        }
        return svg.markup
    }
}
