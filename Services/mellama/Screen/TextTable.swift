// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Columns of text; nothing is cut, as ids are to be copied.
enum TextTable {
    static func text(_ header: [String], _ rows: [[String]]) -> String {
        let all = ([header] + rows).map { row in
            row.map { Terminal.plain($0).split(whereSeparator: \.isNewline).joined(separator: " ") }
        }
        let widths = header.indices.map { column in
            all.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
        }
        return all.map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = column == row.count - 1 ? 0 : widths[column] - cell.count + 2
                line += cell + String(repeating: " ", count: max(0, padding))
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
