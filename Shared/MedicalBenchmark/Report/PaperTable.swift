// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One of the paper's four tables, all its rows, with our columns beside its own.
struct PaperTable {
    let number: Int
    let setting: String
    /// The paper's columns.
    let models: [String]
    /// Ours: a column a model, and one more for its answers after worked examples.
    let labels: [String]
    let rows: [Row]

    struct Row {
        let dataset: String
        let metric: String
        /// A cell a model of the paper; cited figures are marked.
        let theirs: [String]
        /// A cell a column of ours.
        let ours: [String]
    }

    /// What stands in a column of ours.
    private struct Column {
        let model: String
        let isFewShot: Bool

        var label: String { isFewShot ? "\(model), few-shot" : model }
    }

    /// The tables that a result of the report stands beside. Tables 1 and 3 are of models that were not trained on the task,
    /// Table 2 of those fine-tuned on its train split, Table 4 of any.
    static func tables(of report: BenchmarkReport) -> [PaperTable] {
        (1...4).compactMap { number in PaperTable(number, report) }
    }

    private init?(_ number: Int, _ report: BenchmarkReport) {
        let figures = PaperResults.figures.filter { $0.table == number }
        self.number = number
        setting = figures.first?.setting ?? ""
        var models: [String] = []
        var order: [[String]] = []
        for figure in figures {
            if !models.contains(figure.model) { models.append(figure.model) }
            if !order.contains([figure.dataset, figure.metric]) { order.append([figure.dataset, figure.metric]) }
        }
        let columns = report.models.flatMap { model in
            [Column(model: model, isFewShot: false), Column(model: model, isFewShot: true)]
        }.filter { column in
            order.contains { Self.cell(report, number, column, dataset: $0[0], metric: $0[1]) != nil }
        }
        guard !columns.isEmpty else { return nil }
        rows = order.map { pair in
            Row(
                dataset: pair[0], metric: pair[1],
                theirs: models.map { model in
                    let figure = figures.first { $0.model == model && $0.dataset == pair[0] && $0.metric == pair[1] }
                    return figure.map { Figures.fixed($0.value, 3) + ($0.cited ? " *" : "") } ?? ""
                },
                ours: columns.map { Self.cell(report, number, $0, dataset: pair[0], metric: pair[1]) ?? "not run" })
        }
        self.models = models
        labels = columns.map(\.label)
    }

    /// The figure that was made most like the paper's: written freely if it was, and scored as its code scores. Nil where
    /// nothing was asked that belongs in the table.
    private static func cell(
        _ report: BenchmarkReport, _ number: Int, _ column: Column, dataset: String, metric: String
    ) -> String? {
        let order: [AnswerMode?] = [.generate, nil, .constrained, .loglikelihood]
        let tables = report.scores.filter { table in
            let isSupervised = report.isSupervised(column.model, task: table.task)
            return table.taskName == dataset && ((table.shots ?? 0) > 0) == column.isFewShot
                && (number == 4 || (number == 2) == isSupervised)
        }
        for mode in order {
            for table in tables where table.mode == mode {
                guard let row = table.rows.first(where: { $0.model == column.model }) else { continue }
                if row.unfit == table.items { return ScoreTable.unfitCell }
                let metrics = table.profile == .published ? row.metrics : row.alternative.metrics
                let name = table.kind.headline(.published).first { $0.paper == metric }?.name
                guard let estimate = name.flatMap({ metrics[$0] }) else { continue }
                let shots = table.shots.flatMap { $0 > 0 ? "\($0)-shot" : nil }
                let how = [shots, mode == .generate ? nil : mode?.rawValue].compactMap { $0 }.joined(separator: ", ")
                return Figures.estimate(estimate) + (how.isEmpty ? "" : " (\(how))")
            }
        }
        return nil
    }

    var grid: ReportGrid {
        ReportGrid(
            header: ["data set", "metric"] + models + labels,
            rows: rows.map { [$0.dataset, $0.metric] + $0.theirs + $0.ours }, leading: 2, marked: labels.count)
    }

    /// What a reader must know of our columns.
    var note: String {
        let ours =
            switch number {
            case 1, 3: "of models that were not fine-tuned on the task"
            case 2: "of models fine-tuned on the task's train split"
            default: "of whatever was asked of these two sets"
            }
        return
            "Our columns, at the right, \(ours), are scored as the paper's code scores (profile published), with 95 % "
            + "intervals. The paper's test set, model and prompt may be others."
            + (rows.contains { $0.theirs.contains { $0.hasSuffix(" *") } }
                ? " * taken by its authors from another paper." : "")
    }
}
