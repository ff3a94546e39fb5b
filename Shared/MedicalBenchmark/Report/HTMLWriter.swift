// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes a report as one HTML page with its style and charts inside; everything that is text is escaped.
struct HTMLWriter {
    func write(_ document: ReportDocument) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(Self.escaped(document.title))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        <h1>\(Self.escaped(document.title))</h1>
        \(document.blocks.compactMap(write).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light; }
        body { font: 15px/1.55 system-ui, "Segoe UI", "Liberation Sans", sans-serif; color: #1c2530; background: #fff;
          max-width: 76rem; margin: 2.5rem auto; padding: 0 1.5rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1.5rem; border-bottom: 3px solid #0072b2; padding-bottom: .6rem; }
        h2 { font-size: 1.25rem; margin: 2.4rem 0 .6rem; }
        p { max-width: 60rem; margin: .5rem 0; color: #3a4653; }
        .scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
        th { font-weight: 600; border-bottom: 2px solid #1c2530; vertical-align: bottom; }
        th, td { padding: .3rem .7rem; text-align: right; }
        td { border-bottom: 1px solid #e4e8ec; }
        .name { text-align: left; max-width: 34rem; overflow-wrap: break-word; }
        .ours { background: #eaf4fb; font-weight: 600; }
        figure { margin: .8rem 0 1.6rem; }
        figcaption { color: #6b7683; font-size: 13px; margin-top: .3rem; }
        svg { max-width: 100%; height: auto; margin-right: 1.2rem; }
        details { margin: .3rem 0; border-left: 3px solid #d9dee4; padding-left: .9rem; }
        summary { cursor: pointer; color: #0072b2; }
        @media print { details { break-inside: avoid; } body { margin: 0; max-width: none; } }
        """

    private func write(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .heading(let text): "<h2>\(Self.escaped(text))</h2>"
        case .paragraph(let text): "<p>\(Self.escaped(text))</p>"
        case .list(let items):
            "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>" }.joined(separator: "\n") + "\n</ul>"
        case .table(let grid): write(grid)
        case .lossCurves(let trainings): LossChart(trainings)?.svg
        case .figure(let svg, let caption):
            "<figure>\n\(svg)\n<figcaption>\(Self.escaped(caption))</figcaption>\n</figure>"
        case .details(let title, let blocks):
            "<details><summary>\(Self.escaped(title))</summary>\n"
                + blocks.compactMap(write).joined(separator: "\n") + "\n</details>"
        }
    }

    private func write(_ grid: ReportGrid) -> String {
        func row(_ cells: [String], _ tag: String, shades: [Double]? = nil) -> String {
            let written = cells.enumerated().map { index, cell in
                var attributes = ""
                if index < grid.leading {
                    attributes = " class=\"name\""
                } else if index >= cells.count - grid.marked {
                    attributes = " class=\"ours\""
                } else if let shades, shades.indices.contains(index - grid.leading) {
                    let share = shades[index - grid.leading]
                    let colour = share > 0.6 ? ";color:#fff" : ""
                    attributes = " style=\"background:rgba(0,114,178,\(Figures.fixed(share, 2)))\(colour)\""
                }
                return "<\(tag)\(attributes)>\(Self.escaped(cell))</\(tag)>"
            }
            return "<tr>" + written.joined() + "</tr>"
        }
        let rows = grid.rows.enumerated().map { index, cells in row(cells, "td", shades: grid.shades?[index]) }
        return "<div class=\"scroll\"><table>\n\(row(grid.header, "th"))\n" + rows.joined(separator: "\n")
            + "\n</table></div>"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
