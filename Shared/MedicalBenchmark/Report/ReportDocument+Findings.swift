// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What goes beyond a table a setting: charts, the paper's own tables, what the form of answers costs, and what lies
/// behind each figure.
extension ReportDocument {
    static func charts(_ report: BenchmarkReport) -> [Block] {
        var blocks: [Block] = []
        if let chart = ScoreChart(report) {
            blocks += [
                .heading("Scores"),
                .figure(chart.svg, "Bars are scores, lines their 95 % intervals, dashes the majority class."),
            ]
        }
        let radars = RadarChart.charts(report)
        if !radars.isEmpty {
            blocks.append(
                .figure(
                    radars.map(\.svg).joined(separator: "\n"),
                    "The main metric of each task, from 0 in the middle to 1."))
        }
        return blocks
    }

    static func changes(_ report: BenchmarkReport) -> [Block] {
        report.stages.compactMap { ChangeChart($0.effect) }.map {
            .figure($0.svg, "Before and after, on the same items; grey where the difference could be chance.")
        }
    }

    static func calibrations(_ report: BenchmarkReport) -> [Block] {
        let charts = report.scores.flatMap { table in
            table.rows.compactMap { row in
                row.calibration.map { ReliabilityChart(model: row.model, task: table.taskName, calibration: $0) }
            }
        }
        guard !charts.isEmpty else { return [] }
        return [
            .heading("Does a model know when it is right"),
            .figure(
                charts.map(\.svg).joined(separator: "\n"),
                "Accuracy by confidence, the share of an answer's likelihood among the item's answers; on the dashed line a "
                    + "model is as often right as it is sure. A bar's width says how many items it stands for."),
        ]
    }

    static func paperTables(_ report: BenchmarkReport) -> [Block] {
        PaperTable.tables(of: report).flatMap { table -> [Block] in
            [
                .heading("Beside the paper's Table \(table.number) (\(table.setting))"),
                .paragraph(table.note), .table(table.grid),
            ]
        }
    }

    static func format(_ report: BenchmarkReport) -> [Block] {
        guard !report.format.isEmpty else { return [] }
        let rows = report.format.map { effect in
            let change = effect.change
            let difference = change.difference
            return [
                effect.model, effect.taskName, Figures.fixed(effect.parseRate, 3), Figures.fixed(change.before, 3),
                Figures.fixed(change.after, 3),
                "\(Figures.signed(difference.value)) [\(Figures.signed(difference.low)), \(Figures.signed(difference.high))]",
                change.mcNemar.map { Figures.probability($0.p) } ?? "", effect.verdict,
            ]
        }
        let header = [
            "model", "task", "parsed", "free accuracy", "constrained accuracy", "difference", "McNemar p", "verdict",
        ]
        return [
            .heading("What the form of answers costs"),
            .paragraph(
                "The same items written freely, and constrained to the answers. A model that knows the answer and writes it "
                    + "in another form than was asked for gains by being constrained."),
            .table(ReportGrid(header: header, rows: rows, leading: 2)),
        ]
    }

    static func contamination(_ report: BenchmarkReport) -> [Block] {
        guard let rates = report.contamination, !rates.isEmpty else {
            return report.scores.isEmpty
                ? [] : [.paragraph("Contamination: nobody looked for these items in the training data.")]
        }
        let rows = rates.sorted { $0.key < $1.key }.map { [$0.key, Figures.fixed($0.value, 4)] }
        return [
            .heading("Contamination"), .paragraph("The share of a task's items that stand in the training data."),
            .table(ReportGrid(header: ["task", "share"], rows: rows)),
        ]
    }

    static func notRun(_ report: BenchmarkReport) -> [Block] {
        guard !report.notRun.isEmpty, !report.scores.isEmpty else { return [] }
        return [
            .heading("Not run: data not supplied"),
            .list(report.notRun.map { "\($0.taskName)\($0.restricted ? " (restricted)" : ""): \($0.source)" }),
        ]
    }

    /// What lies behind a table's figures: both profiles, classes, confusions and the worst items of each model.
    static func details(_ table: ScoreTable) -> [Block] {
        let profiles = Block.details(
            "Both profiles on the same outputs",
            [.table(profileGrid(table))])
        return [profiles] + table.rows.flatMap { details(table, $0) }
    }

    private static func profileGrid(_ table: ScoreTable) -> ReportGrid {
        let other = table.profile.other
        let columns = table.columns
        let rows = table.rows.flatMap { row in
            [
                [row.model, table.profile.rawValue] + columns.map { ScoreTable.figure($0, of: row.metrics) }
                    + [Figures.fixed(row.parseRate, 3)],
                [row.model, other.rawValue] + columns.map { ScoreTable.figure($0, of: row.alternative.metrics) }
                    + [Figures.fixed(row.alternative.parseRate, 3)],
            ]
        }
        return ReportGrid(header: ["model", "profile"] + columns.map(\.title) + ["parsed"], rows: rows, leading: 2)
    }

    private static func details(_ table: ScoreTable, _ row: ScoreTable.Row) -> [Block] {
        var inside: [Block] = []
        if let scores = row.labelScores {
            let shown = scores.filter { $0.support > 0 || $0.given > 0 }
            inside.append(
                .table(
                    ReportGrid(
                        header: ["class", "precision", "recall", "F1", "right answers", "given"],
                        rows: shown.map { score in
                            [score.label] + [score.precision, score.recall, score.f1].map { Figures.fixed($0, 3) }
                                + ["\(score.support)", "\(score.given)"]
                        })))
        }
        if let confusion = row.confusion, let scores = row.labelScores, confusion.count == scores.count {
            inside.append(.paragraph("Confusion: rows are right answers, columns what was given."))
            inside.append(.table(confusionGrid(confusion, scores)))
        }
        if !row.worst.isEmpty {
            inside.append(
                .paragraph(
                    table.restricted
                        ? "The worst items; their text is restricted and stays in the rows."
                        : "The worst items, with the heads of right answer and output."))
            inside.append(
                .table(
                    ReportGrid(
                        header: ["item", "right answer", "output", "score"],
                        rows: row.worst.map { [$0.id, $0.gold ?? "–", $0.output ?? "–", Figures.fixed($0.score, 3)] },
                        leading: 3)))
        }
        return inside.isEmpty ? [] : [.details("\(row.model): classes, confusions, worst items", inside)]
    }

    /// Labels that neither occur nor were given are left out.
    private static func confusionGrid(_ confusion: [[Int]], _ scores: [LabelScore]) -> ReportGrid {
        let kept = scores.indices.filter { scores[$0].support > 0 || scores[$0].given > 0 }
        let columns = kept + [scores.count]
        let rows = kept.filter { scores[$0].support > 0 }
        return ReportGrid(
            header: [""] + kept.map { scores[$0].label } + ["no answer"],
            rows: rows.map { row in [scores[row].label] + columns.map { "\(confusion[row][$0])" } },
            shades: rows.map { row in
                columns.map { Double(confusion[row][$0]) / Double(max(1, scores[row].support)) }
            })
    }
}
