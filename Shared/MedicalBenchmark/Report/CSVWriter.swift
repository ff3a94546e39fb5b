// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes a report's scores as comma-separated values (RFC 4180), a line a model, task, setting, profile and metric; the
/// paper's figures are lines of their own.
struct CSVWriter {
    private static let header = [
        "source", "model", "task", "split", "setting", "mode", "prompt", "profile", "metric", "value", "low", "high",
        "items", "parseRate", "dataSHA256", "truncated", "unfit",
    ]

    func write(_ report: BenchmarkReport) -> String {
        var lines = [Self.header]
        for table in report.scores {
            for row in table.rows {
                let profiles = [
                    (table.profile, row.metrics, row.parseRate),
                    (row.alternative.profile, row.alternative.metrics, row.alternative.parseRate),
                ]
                for (profile, metrics, parseRate) in profiles {
                    for (metric, estimate) in metrics.sorted(by: { $0.key < $1.key }) {
                        lines.append(
                            [
                                "result", row.model, table.task, table.split ?? "",
                                table.shots.map { "\($0)-shot" } ?? "",
                            ]
                                + [table.mode?.rawValue ?? "", table.prompt ?? "", profile.rawValue, metric]
                                + [estimate.value, estimate.low, estimate.high].map { "\($0)" }
                                + ["\(table.items)", "\(parseRate)", table.dataSHA256]
                                + ["\(row.truncated)", "\(row.unfit)"])
                    }
                }
            }
        }
        var tasks: Set<String> = []
        for table in report.scores where tasks.insert(table.task).inserted {
            for figure in table.paper {
                lines.append(
                    [figure.cited ? "paper, cited" : "paper", figure.model, table.task, "", figure.setting, "", "", ""]
                        + [figure.metric, "\(figure.value)", "", "", "", "", "", "", ""])
            }
        }
        return lines.map { $0.map(Self.field).joined(separator: ",") + "\r\n" }.joined()
    }

    /// Quoted where it must be. A label that a spreadsheet would take for a formula gets an apostrophe first.
    private static func field(_ text: String) -> String {
        let isFormula = ["=", "+", "@"].contains(text.first) || text.first == "-" && Double(text) == nil
        let text = isFormula ? "'\(text)" : text
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
