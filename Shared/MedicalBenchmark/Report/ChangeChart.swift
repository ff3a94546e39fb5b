// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Arrows from the score before a stage to the score after it; grey where the difference could be chance.
struct ChangeChart {
    private let changes: [StageEffect.ScoreChange]
    private let title: String

    /// Nil where nothing was scored on both sides.
    init?(_ effect: StageEffect) {
        changes = effect.scores
        title = "From \(effect.from) to \(effect.to)"
        if changes.isEmpty { return nil }
    }

    var svg: String {
        let (left, right, row) = (360.0, 190.0, 26.0)
        var svg = SVG(
            width: 1040, height: 40 + row * Double(changes.count) + 20, label: "\(title): scores before and after")
        let scale = svg.width - left - right
        let bottom = 30 + row * Double(changes.count)
        for tick in 0...5 {
            let x = left + scale * Double(tick) / 5
            svg.line(x, 22, x, bottom, colour: SVG.faint)
            svg.text(Figures.fixed(Double(tick) / 5, 1), x, bottom + 16, anchor: .middle, size: 11, colour: SVG.grey)
        }
        svg.text(SVG.short(title, 80), 0, 14, size: 13, isBold: true)
        for (index, entry) in changes.enumerated() {
            let change = entry.change
            let y = 30 + row * Double(index) + row / 2
            let (from, to) = (left + scale * change.before, left + scale * change.after)
            let colour =
                !change.isMeasurable ? SVG.grey : change.difference.value > 0 ? SVG.better : SVG.worse
            svg.text(
                SVG.short("\(entry.task): \(StageWording.name(change.metric))", 56), left - 12, y + 4, anchor: .end)
            svg.line(from, y, to, y, colour: colour, width: 3)
            svg.circle(from, y, 3.5, colour: colour)
            let head = to < from ? 7.0 : -7.0
            if abs(to - from) > 2 {
                svg.polygon([(to, y), (to + head, y - 5), (to + head, y + 5)], colour: colour, fill: 1, width: 1)
            }
            let difference = change.difference
            let figures =
                "\(Figures.signed(difference.value)) [\(Figures.signed(difference.low)), "
                + "\(Figures.signed(difference.high))]"
            svg.text(figures, svg.width - right + 14, y + 4, size: 11, colour: colour)
        }
        return svg.markup
    }
}
