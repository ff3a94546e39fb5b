// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One of the paper's tables with our columns beside its own.
struct PaperTable {
    let number: Int
    let setting: String
    /// The paper's columns.
    let models: [String]
    /// Ours.
    let labels: [String]
    let rows: [Row]

    struct Row {
        let dataset: String
        let metric: String
        /// A cell a model of the paper; cited figures are marked.
        let theirs: [String]
        /// A cell a label.
        let ours: [String]
    }

    /// The paper's tables that share a data set with the report's results: zero-shot beside Tables 1 and 3; beside
    /// Table 4 whatever was asked of its two sets.
    static func tables(of report: BenchmarkReport) -> [PaperTable] {
        [1, 3, 4].compactMap { number in PaperTable(number, report) }
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
        let labels = report.models
        var rows: [Row] = []
        for pair in order {
            let ours = labels.map { Self.cell(report, label: $0, dataset: pair[0], metric: pair[1]) }
            guard ours.contains(where: { !$0.isEmpty }) else { continue }
            let theirs = models.map { model in
                let figure = figures.first { $0.model == model && $0.dataset == pair[0] && $0.metric == pair[1] }
                return figure.map { Figures.fixed($0.value, 3) + ($0.cited ? " *" : "") } ?? ""
            }
            rows.append(Row(dataset: pair[0], metric: pair[1], theirs: theirs, ours: ours))
        }
        guard !rows.isEmpty else { return nil }
        self.models = models
        self.labels = labels
        self.rows = rows
    }

    /// The figure that was made most like the paper's: without worked examples, written freely if it was, and scored as
    /// its code scores.
    private static func cell(_ report: BenchmarkReport, label: String, dataset: String, metric: String) -> String {
        let order: [AnswerMode?] = [.generate, nil, .constrained, .loglikelihood]
        let tables = report.scores.filter { $0.taskName == dataset && ($0.shots ?? 0) == 0 }
        for mode in order {
            for table in tables where table.mode == mode {
                guard let row = table.rows.first(where: { $0.model == label }) else { continue }
                let metrics = table.profile == .published ? row.metrics : row.alternative.metrics
                let name = table.kind.headline(.published).first { $0.paper == metric }?.name
                guard let estimate = name.flatMap({ metrics[$0] }) else { continue }
                return Figures.estimate(estimate)
                    + (mode == .generate || mode == nil ? "" : " (\(mode?.rawValue ?? ""))")
            }
        }
        return ""
    }

    var grid: ReportGrid {
        ReportGrid(
            header: ["data set", "metric"] + models + labels,
            rows: rows.map { [$0.dataset, $0.metric] + $0.theirs + $0.ours }, leading: 2, marked: labels.count)
    }
}
