// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes a report for a terminal: aligned columns, no markup, no control characters.
struct TerminalWriter {
    func write(_ document: ReportDocument) -> String {
        let title = printable(document.title)
        let head = title + "\n" + String(repeating: "=", count: title.count)
        return ([head] + document.blocks.compactMap(write)).joined(separator: "\n\n") + "\n"
    }

    private func write(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .heading(let text):
            let text = printable(text)
            return text + "\n" + String(repeating: "-", count: text.count)
        case .paragraph(let text): return printable(text)
        case .list(let items): return items.map { "  - \(printable($0))" }.joined(separator: "\n")
        case .table(let grid): return write(grid)
        case .figure, .details: return nil
        }
    }

    private func write(_ grid: ReportGrid) -> String {
        let rows = ([grid.header] + grid.rows).map { $0.map(printable) }
        let widths = grid.header.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return column < grid.leading ? cell.0 + space : space + cell.0
            }
            let line = "  " + cells.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    private func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
