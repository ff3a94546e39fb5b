// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Loss curves as an inline SVG, a line a model.
struct LossChart {
    private let curves: [(name: String, points: [TrainingOutline.Point])]
    private let lastStep: Double
    private let losses: ClosedRange<Double>

    /// Nil where nothing was trained long enough for a line.
    init?(_ trainings: [BenchmarkReport.Training]) {
        curves = trainings.map { entry in
            (entry.model, (entry.summary.lossCurve ?? []).filter { $0.loss.isFinite })
        }.filter { $0.1.count > 1 }
        let points = curves.flatMap(\.points)
        guard let low = points.map(\.loss).min(), let high = points.map(\.loss).max(),
            let last = points.map(\.step).max(), last > 0
        else { return nil }
        lastStep = Double(last)
        losses = low...max(high, low + 1e-9)
    }

    private static let size = (width: 640.0, height: 240.0, margin: 40.0)
    private static let colours = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b"]

    var svg: String {
        let (width, height, margin) = Self.size
        var parts = [
            "<svg viewBox=\"0 0 \(Int(width)) \(Int(height))\" width=\"\(Int(width))\" role=\"img\" "
                + "aria-label=\"Loss by step\" font-size=\"12\">",
            "<text x=\"2\" y=\"\(Int(margin))\">\(Figures.fixed(losses.upperBound, 2))</text>",
            "<text x=\"2\" y=\"\(Int(height - margin))\">\(Figures.fixed(losses.lowerBound, 2))</text>",
            "<text x=\"\(Int(width - margin))\" y=\"\(Int(height - 8))\" text-anchor=\"end\">"
                + "step \(Int(lastStep))</text>",
        ]
        for (index, curve) in curves.enumerated() {
            let colour = Self.colours[index % Self.colours.count]
            let points = curve.points.map { "\(Figures.fixed(x($0.step), 1)),\(Figures.fixed(y($0.loss), 1))" }
            parts.append(
                "<polyline fill=\"none\" stroke=\"\(colour)\" stroke-width=\"1.5\" "
                    + "points=\"\(points.joined(separator: " "))\"/>")
            parts.append(
                "<text x=\"\(Int(margin) + 8)\" y=\"\(16 + 14 * index)\" fill=\"\(colour)\">"
                    + "\(HTMLWriter.escaped(curve.name))</text>")
        }
        return (parts + ["</svg>"]).joined(separator: "\n")
    }

    private func x(_ step: Int) -> Double {
        Self.size.margin + Double(step) / lastStep * (Self.size.width - 2 * Self.size.margin)
    }

    private func y(_ loss: Double) -> Double {
        let share = (loss - losses.lowerBound) / (losses.upperBound - losses.lowerBound)
        return Self.size.height - Self.size.margin - share * (Self.size.height - 2 * Self.size.margin)
    }
}
