// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes a report as Markdown (GitHub's tables).
struct MarkdownWriter {
    func write(_ document: ReportDocument) -> String {
        (["# \(escaped(document.title))"] + document.blocks.compactMap(write)).joined(separator: "\n\n") + "\n"
    }

    private func write(_ block: ReportDocument.Block) -> String? {
        switch block {
        case .heading(let text): "## \(escaped(text))"
        case .paragraph(let text): escaped(text)
        case .list(let items): items.map { "- \(escaped($0))" }.joined(separator: "\n")
        case .table(let grid): write(grid)
        case .figure: nil
        case .details(let title, let blocks):
            (["### \(escaped(title))"] + blocks.compactMap(write)).joined(separator: "\n\n")
        }
    }

    private func write(_ grid: ReportGrid) -> String {
        let rule = grid.header.indices.map { $0 < grid.leading ? "---" : "---:" }
        return ([grid.header.map(escaped), rule] + grid.rows.map { $0.map(escaped) })
            .map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    /// Labels and titles come from people: nothing in them may become markup. Brackets of intervals stay as they are;
    /// only what would make a link of them is escaped.
    private func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "(" where result.last == "]": result += "\\("
            case "\\", "`", "*", "_", "|", "#": result += "\\\(character)"
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
        return result
    }
}
