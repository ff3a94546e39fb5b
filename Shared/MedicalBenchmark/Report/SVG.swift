// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes inline SVG: what it draws has a label, and every text in it is escaped.
struct SVG {
    let width: Double
    let height: Double
    /// What is drawn, for whoever can't see it.
    let label: String
    private var parts: [String] = []

    /// One colour a model, told apart by the colour-blind too (Okabe and Ito, 2008).
    static let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b4c9a", "#4d4d4d"]
    // What is not a model's follows the page, which is light or dark; alone, a drawing is for a light one.
    static let ink = "var(--ink, #1c2530)"
    static let faint = "var(--faint, #d9dee4)"
    static let grey = "var(--grey, #6b7683)"
    static let better = "var(--better, #00855f)"
    static let worse = "var(--worse, #c04f00)"

    static func colour(_ index: Int) -> String { colours[index % colours.count] }

    init(width: Double, height: Double, label: String) {
        self.width = width
        self.height = height
        self.label = label
    }

    enum Anchor: String {
        case start, middle, end
    }

    mutating func text(
        _ text: String, _ x: Double, _ y: Double, anchor: Anchor = .start, size: Double = 12,
        colour: String = SVG.ink,
        isBold: Bool = false, hasHalo: Bool = false
    ) {
        let halo = hasHalo ? " paint-order=\"stroke\" stroke=\"var(--page, #fff)\" stroke-width=\"3\"" : ""
        let weight = (isBold ? " font-weight=\"600\"" : "") + halo
        parts.append(
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" text-anchor=\"\(anchor.rawValue)\" "
                + "font-size=\"\(Self.number(size))\" fill=\"\(colour)\"\(weight)>\(HTMLWriter.escaped(text))</text>")
    }

    mutating func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, colour: String, width: Double = 1,
        isDashed: Bool = false
    ) {
        let dashes = isDashed ? " stroke-dasharray=\"3 3\"" : ""
        parts.append(
            "<line x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" "
                + "y2=\"\(Self.number(y2))\" stroke=\"\(colour)\" stroke-width=\"\(Self.number(width))\"\(dashes)/>")
    }

    mutating func bar(_ x: Double, _ y: Double, _ width: Double, _ height: Double, colour: String, opacity: Double = 1)
    {
        parts.append(
            "<rect x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(max(0, width)))\" "
                + "height=\"\(Self.number(max(0, height)))\" rx=\"2\" fill=\"\(colour)\" "
                + "fill-opacity=\"\(Self.number(opacity))\"/>")
    }

    mutating func circle(_ x: Double, _ y: Double, _ radius: Double, colour: String) {
        parts.append(
            "<circle cx=\"\(Self.number(x))\" cy=\"\(Self.number(y))\" r=\"\(Self.number(radius))\" fill=\"\(colour)\"/>"
        )
    }

    /// A closed shape; `fill` is how opaque its inside is.
    mutating func polygon(_ points: [(x: Double, y: Double)], colour: String, fill: Double = 0, width: Double = 2) {
        let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        parts.append(
            "<polygon points=\"\(places)\" fill=\"\(colour)\" fill-opacity=\"\(Self.number(fill))\" "
                + "stroke=\"\(colour)\" stroke-width=\"\(Self.number(width))\" stroke-linejoin=\"round\"/>")
    }

    /// A line through points.
    mutating func path(_ points: [(x: Double, y: Double)], colour: String, width: Double = 2) {
        let places = points.map { "\(Self.number($0.x)),\(Self.number($0.y))" }.joined(separator: " ")
        parts.append(
            "<polyline points=\"\(places)\" fill=\"none\" stroke=\"\(colour)\" "
                + "stroke-width=\"\(Self.number(width))\" stroke-linejoin=\"round\"/>")
    }

    /// A label at most so long.
    static func short(_ text: String, _ length: Int = 40) -> String {
        text.count <= length ? text : text.prefix(length - 1) + "…"
    }

    /// The names of the colours, in rows that break at the width; returns the height they take.
    mutating func legend(_ names: [String], x: Double, y: Double) -> Double {
        var (place, row) = (x, 0.0)
        for (index, name) in names.map({ Self.short($0) }).enumerated() {
            let needed = 26 + Double(name.count) * 6.6
            if place + needed > width, place > x { (place, row) = (x, row + 18) }
            bar(place, y + row - 9, 11, 11, colour: Self.colour(index))
            text(name, place + 16, y + row)
            place += needed
        }
        return row + 18
    }

    var markup: String {
        ([
            "<svg viewBox=\"0 0 \(Self.number(width)) \(Self.number(height))\" width=\"\(Self.number(width))\" "
                + "role=\"img\" aria-label=\"\(HTMLWriter.escaped(label))\" font-family=\"inherit\">"
        ]
            + parts + ["</svg>"]).joined(separator: "\n")
    }

    private static func number(_ value: Double) -> String { Figures.fixed(value, value == value.rounded() ? 0 : 2) }
}
