// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How often a model is right against how sure it is, with the diagonal on which it knows exactly; a bar's width says how
/// many items it stands for.
struct ReliabilityChart {
    let model: String
    let task: String
    let calibration: Calibration

    var svg: String {
        let (left, top, side) = (44.0, 40.0, 220.0)
        var svg = SVG(
            width: left + side + 16, height: top + side + 44,
            label: "\(task), \(model): accuracy by confidence")
        svg.text(model, left, 14, isBold: true)
        svg.text(
            "\(task); expected error \(Figures.fixed(calibration.expectedError, 3))", left, 30, size: 11,
            colour: SVG.grey)
        for tick in 0...4 {
            let share = Double(tick) / 4
            svg.line(left, top + side * share, left + side, top + side * share, colour: SVG.faint)
            svg.text(
                Figures.fixed(1 - share, 2), left - 6, top + side * share + 4, anchor: .end, size: 10, colour: SVG.grey)
            svg.text(
                Figures.fixed(share, 2), left + side * share, top + side + 14, anchor: .middle, size: 10,
                colour: SVG.grey)
        }
        svg.line(left, top + side, left + side, top, colour: SVG.grey, isDashed: true)
        let most = Double(max(1, calibration.bins.map(\.items).max() ?? 1))
        for bin in calibration.bins where bin.items > 0 {
            let width = max(3, side / 10 * (Double(bin.items) / most))
            let middle = left + side * (bin.low + bin.high) / 2
            svg.bar(
                middle - width / 2, top + side * (1 - bin.accuracy), width, side * bin.accuracy, colour: SVG.colour(0),
                opacity: 0.75)
            svg.circle(left + side * bin.confidence, top + side * (1 - bin.accuracy), 3, colour: SVG.colour(1))
        }
        svg.text("confidence", left + side / 2, top + side + 32, anchor: .middle, size: 11, colour: SVG.grey)
        return svg.markup
    }
}
