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
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
        table { border-collapse: collapse; margin: 1rem 0; }
        th, td { border-bottom: 1px solid #ccc; padding: 0.25rem 0.75rem; text-align: right; }
        th:first-child, td:first-child { text-align: left; }
        svg { max-width: 100%; height: auto; }
        </style>
        </head>
        <body>
        <h1>\(Self.escaped(document.title))</h1>
        \(document.blocks.compactMap(write).joined(separator: "\n"))
        </body>
        </html>

        """
    }

    private func write(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .heading(let text): "<h2>\(Self.escaped(text))</h2>"
        case .paragraph(let text): "<p>\(Self.escaped(text))</p>"
        case .list(let items):
            "<ul>\n" + items.map { "<li>\(Self.escaped($0))</li>" }.joined(separator: "\n") + "\n</ul>"
        case .table(let grid): write(grid)
        case .lossCurves(let trainings): LossChart(trainings)?.svg
        }
    }

    private func write(_ grid: ReportGrid) -> String {
        func row(_ cells: [String], _ tag: String) -> String {
            "<tr>" + cells.map { "<\(tag)>\(Self.escaped($0))</\(tag)>" }.joined() + "</tr>"
        }
        return ["<table>", row(grid.header, "th")].joined(separator: "\n") + "\n"
            + grid.rows.map { row($0, "td") }.joined(separator: "\n") + "\n</table>"
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
