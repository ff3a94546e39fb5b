// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes a report as one HTML page with its style and charts inside; everything that is text is escaped. Light or dark as
/// the reader's system is; on paper light.
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
        <header><h1>\(Self.escaped(document.title))</h1>
        <p>\(Self.escaped(document.subtitle))</p></header>
        <main>
        \(sections(document.blocks))
        </main>
        </body>
        </html>

        """
    }

    private static let style = """
        :root { color-scheme: light dark; --page: #fff; --back: #f3f6f9; --ink: #1c2530; --soft: #3a4653; --grey: #647080;
          --faint: #dde3e9; --accent: #0072b2; --ours: #e8f3fb; --better: #00855f; --worse: #c04f00; }
        @media (prefers-color-scheme: dark) { :root { --page: #151c24; --back: #0d1218; --ink: #e8edf2; --soft: #c3ccd5;
          --grey: #95a2b0; --faint: #2c3743; --accent: #56b4e9; --ours: #17303f; --better: #2fc49a; --worse: #ff8a3d; } }
        * { box-sizing: border-box; }
        body { font: 15px/1.55 system-ui, "Segoe UI", "Liberation Sans", sans-serif; color: var(--ink); background: var(--back);
          margin: 0; }
        header, main { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
        header { padding-top: 2.2rem; padding-bottom: 1.4rem; }
        h1 { font-size: 2.1rem; line-height: 1.2; margin: 0; letter-spacing: -.01em; overflow-wrap: anywhere; }
        header p { color: var(--grey); margin: .4rem 0 0; font-size: 1rem; }
        section { background: var(--page); border: 1px solid var(--faint); border-radius: 12px; padding: 1.3rem 1.6rem 1.1rem;
          margin: 0 0 1.1rem; }
        h2 { font-size: 1.25rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
        p, li { max-width: 66rem; color: var(--soft); overflow-wrap: anywhere; }
        p { margin: .4rem 0; }
        ul { margin: .4rem 0 .8rem; padding-left: 1.2rem; }
        li:first-child:not(:only-child) { font-weight: 600; color: var(--ink); }
        .scroll { overflow-x: auto; margin: .7rem 0; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13.5px; }
        th { font-weight: 600; border-bottom: 2px solid var(--ink); vertical-align: bottom; }
        th, td { padding: .32rem .6rem; text-align: right; }
        td { border-bottom: 1px solid var(--faint); white-space: nowrap; }
        td small { display: block; color: var(--grey); font-size: 11.5px; line-height: 1.25; font-weight: 400; }
        .name { text-align: left; }
        td.long { white-space: normal; min-width: 12rem; max-width: 30rem; overflow-wrap: anywhere; }
        .ours { background: var(--ours); font-weight: 600; }
        .deep { color: #fff; }
        figure { margin: .8rem 0 .6rem; }
        figcaption { color: var(--grey); font-size: 13px; margin-top: .4rem; }
        svg { max-width: 100%; height: auto; margin: 0 1rem .4rem 0; vertical-align: top; }
        details { margin: .3rem 0; border-left: 3px solid var(--faint); padding-left: .9rem; }
        summary { cursor: pointer; color: var(--accent); }
        @media (max-width: 44rem) { section { padding: 1rem; } header, main { padding-left: .6rem; padding-right: .6rem; } }
        @media print { :root { --page: #fff; --back: #fff; --ink: #1c2530; --soft: #3a4653; --grey: #647080; --faint: #dde3e9;
          --ours: #e8f3fb; } section { break-inside: avoid-page; border: 0; padding: 0; } header, main { max-width: none; } }
        """

    /// A section a heading.
    private func sections(_ blocks: [ReportDocument.Block]) -> String {
        var text = ""
        var isOpen = false
        for block in blocks {
            let isHeading = if case .heading = block { true } else { false }
            if isHeading || !isOpen { text += isOpen ? "</section>\n<section>\n" : "<section>\n" }
            isOpen = true
            if let written = write(block) { text += written + "\n" }
        }
        return isOpen ? text + "</section>" : text
    }

    private func write(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .heading(let text): "<h2>\(Self.escaped(text))</h2>"
        case .paragraph(let text): "<p>\(Self.escaped(text))</p>"
        case .list(let items):
            "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>" }.joined(separator: "\n") + "\n</ul>"
        case .table(let grid): write(grid)
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
                    attributes = cell.count > 28 ? " class=\"name long\"" : " class=\"name\""
                } else if index >= cells.count - grid.marked {
                    attributes = " class=\"ours\""
                } else if let shades, shades.indices.contains(index - grid.leading) {
                    let share = shades[index - grid.leading]
                    let deep = share > 0.6 ? " class=\"deep\"" : ""
                    attributes = "\(deep) style=\"background:rgba(0,114,178,\(Figures.fixed(share, 2)))\""
                }
                let text = tag == "td" && index >= grid.leading ? Self.cell(cell) : Self.escaped(cell)
                return "<\(tag)\(attributes)>\(text)</\(tag)>"
            }
            return "<tr>" + written.joined() + "</tr>"
        }
        let rows = grid.rows.enumerated().map { index, cells in row(cells, "td", shades: grid.shades?[index]) }
        return "<div class=\"scroll\"><table>\n\(row(grid.header, "th"))\n" + rows.joined(separator: "\n")
            + "\n</table></div>"
    }

    /// A figure stands alone, its interval and how it was asked below it, smaller.
    private static func cell(_ text: String) -> String {
        guard let interval = text.firstRange(of: " ["),
            text.first?.isNumber == true || "+-".contains(text.first ?? " "),
            text[interval.upperBound...].contains("]")
        else { return escaped(text) }
        let rest = String(text[interval.lowerBound...].dropFirst())
        if let how = rest.firstRange(of: "] (") {
            let after = rest[how.lowerBound...].dropFirst(2)
            return
                "\(escaped(String(text[..<interval.lowerBound])))<small>\(escaped("\(rest[..<how.lowerBound])]"))</small>"
                + "<small>\(escaped(String(after)))</small>"
        }
        return "\(escaped(String(text[..<interval.lowerBound])))<small>\(escaped(rest))</small>"
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
