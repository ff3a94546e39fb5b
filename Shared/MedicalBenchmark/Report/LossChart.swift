// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Loss by step, a line a model.
struct LossChart {
    /// With the model's place in the report, which gives its colour.
    private let curves: [(place: Int, points: [TrainingOutline.Point])]
    private let models: [String]
    private let lastStep: Double
    private let losses: ClosedRange<Double>

    /// Nil where nothing was trained long enough for a line.
    init?(_ trainings: [BenchmarkReport.Training], models: [String]) {
        self.models = models
        curves = trainings.compactMap { entry in
            guard let place = models.firstIndex(of: entry.model) else { return nil }
            return (place, (entry.summary.lossCurve ?? []).filter { $0.loss.isFinite })
        }.filter { $0.1.count > 1 }
        let points = curves.flatMap(\.points)
        guard let low = points.map(\.loss).min(), let high = points.map(\.loss).max(),
            let last = points.map(\.step).max(), last > 0
        else { return nil }
        lastStep = Double(last)
        losses = low...max(high, low + 1e-9)
    }

    var svg: String {
        let (left, bottom, right) = (52.0, 34.0, 16.0)
        var svg = SVG(width: 760, height: 300, label: "Loss by step")
        // The colours of all charts are the report's columns.
        var x = 0.0
        for curve in curves {
            let name = SVG.short(models[curve.place])
            svg.bar(x, 3, 11, 11, colour: SVG.colour(curve.place))
            svg.text(name, x + 16, 12)
            x += 26 + Double(name.count) * 6.6
        }
        let (top, width) = (30.0, svg.width - left - right)
        let height = svg.height - top - bottom
        let span = losses.upperBound - losses.lowerBound
        for tick in 0...4 {
            let share = Double(tick) / 4
            let y = top + height * share
            svg.line(left, y, svg.width - right, y, colour: SVG.faint)
            svg.text(
                Figures.fixed(losses.upperBound - span * share, 2), left - 8, y + 4, anchor: .end, size: 11,
                colour: SVG.grey)
            svg.text(
                "\(Int((lastStep * share).rounded()))", left + width * share, svg.height - bottom + 16,
                anchor: .middle, size: 11, colour: SVG.grey)
        }
        svg.text("step", left + width / 2, svg.height - 2, anchor: .middle, size: 11, colour: SVG.grey)
        for curve in curves {
            svg.path(
                curve.points.map { point in
                    (
                        left + Double(point.step) / lastStep * width,
                        top + (losses.upperBound - point.loss) / span * height
                    )
                }, colour: SVG.colour(curve.place), width: 1.6)
        }
        return svg.markup
    }
}
