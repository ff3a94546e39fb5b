// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A report in blocks that each form writes its own way.
struct ReportDocument {
    enum Block {
        case heading(String)
        case paragraph(String)
        case list([String])
        case table(ReportGrid)
        /// A drawing in SVG with what it shows.
        case figure(String, String)
        /// What only some want to see.
        case details(String, [Block])
    }

    let title: String
    /// How much the report is of.
    let subtitle: String
    private(set) var blocks: [Block] = []

    init(_ report: BenchmarkReport, isBrief: Bool) {
        title = report.title
        let tasks = Set(report.scores.map(\.taskName)).count
        let answers = report.scores.reduce(0) { sum, table in
            sum + table.rows.reduce(0) { $0 + table.items - $1.unfit - ($1.missing ?? 0) }
        }
        func count(_ number: Int, _ word: String) -> String { "\(number) \(word)\(number == 1 ? "" : "s")" }
        subtitle = [count(report.models.count, "model"), count(tasks, "data set"), count(answers, "scored answer")]
            .joined(separator: " · ")
        addStages(report)
        if !isBrief { blocks += Self.changes(report) + Self.charts(report) + Self.paperTables(report) }
        blocks += Self.format(report)
        addPerplexity(report)
        var seen: Set<String> = []
        for table in report.scores {
            add(table)
            if !isBrief { blocks += Self.details(table) }
            if seen.insert(table.task).inserted { addPaper(table, isBrief: isBrief) }
        }
        if !isBrief { blocks += Self.calibrations(report) }
        blocks += Self.contamination(report)
        if !isBrief { blocks += Self.notRun(report) }
        addTraining(report)
        if let corpus = report.corpus { add(corpus) }
    }

    private mutating func addStages(_ report: BenchmarkReport) {
        guard !report.stages.isEmpty else { return }
        blocks.append(.heading("What each stage did"))
        for stage in report.stages {
            let control = stage.effect.control.map { ", against \($0)" } ?? ""
            blocks.append(.paragraph("From \(stage.effect.from) to \(stage.effect.to)\(control):"))
            blocks.append(.list(stage.sentences))
        }
    }

    private mutating func addPerplexity(_ report: BenchmarkReport) {
        guard !report.perplexity.isEmpty else { return }
        let domains = Set(report.perplexity.flatMap { $0.domains.keys }).sorted()
        blocks.append(.heading("Held-out perplexity by domain"))
        blocks.append(.paragraph("Perplexity a token, and bits per byte in brackets; lower is better."))
        let rows = report.perplexity.map { entry in
            [entry.model]
                + domains.map { domain in
                    entry.domains[domain].map {
                        "\(Figures.perplexity($0.perplexity)) (\(Figures.fixed($0.bitsPerByte, 3)))"
                    } ?? "not run"
                }
        }
        blocks.append(.table(ReportGrid(header: ["model"] + domains, rows: rows)))
    }

    private mutating func add(_ table: ScoreTable) {
        blocks.append(.heading(table.heading))
        blocks.append(.paragraph(table.settingSentence))
        let columns = table.columns
        var rows = table.rows.map { row in
            let missing = row.missing.map { $0 > 0 ? "; \($0) missing" : "" } ?? ""
            return [row.model]
                + columns.map { metric in
                    table.isUnfit(row) ? ScoreTable.unfitCell : ScoreTable.figure(metric, of: row.metrics)
                }
                + [Figures.fixed(row.parseRate, 3) + missing, "\(row.truncated)", "\(row.unfit)"]
        }
        if let majority = table.majority {
            rows.append(
                ["majority class (\(majority.label))"]
                    + columns.map { metric in majority[metric.name].map { Figures.fixed($0, 3) } ?? "" } + ["", "", ""])
        }
        let header = ["model"] + columns.map(\.title) + ["parsed", "cut", "unfit"]
        blocks.append(.table(ReportGrid(header: header, rows: rows)))
        let notes = table.rows.compactMap(table.caveat) + table.encoderSentences
        if !notes.isEmpty { blocks.append(.list(notes)) }
    }

    /// The paper's rows stand once for a task, under its first table.
    private mutating func addPaper(_ table: ScoreTable, isBrief: Bool) {
        let paper = table.paperRows(isBrief: isBrief)
        guard let setting = paper.first?.setting else { return }
        let columns = table.columns.filter { metric in
            paper.contains { row in metric.paper.map { row.values[$0] != nil } ?? false }
        }
        let note = paper.contains { $0.isCited } ? "; * taken by its authors from another paper" : ""
        let title = "The paper's figures for \(table.taskName) (\(setting); its own test set, prompt and parser\(note))"
        let figures = Block.table(
            ReportGrid(
                header: ["model"] + columns.map(\.title),
                rows: paper.map { row in
                    [row.model + (row.isCited ? " *" : "")]
                        + columns.map { metric in
                            metric.paper.flatMap { row.values[$0] }.map { Figures.fixed($0, 3) } ?? ""
                        }
                }))
        blocks += isBrief ? [.paragraph("\(title):"), figures] : [.details(title, [figures])]
    }

    private mutating func addTraining(_ report: BenchmarkReport) {
        guard !report.training.isEmpty else { return }
        blocks.append(.heading("Training"))
        let rows = report.training.map { entry in
            [
                entry.model, "\(entry.summary.steps)", "\(entry.summary.tokens)",
                entry.summary.firstLoss.map { Figures.fixed($0, 3) } ?? "",
                entry.summary.lastLoss.map { Figures.fixed($0, 3) } ?? "",
                entry.summary.seconds.map { Figures.fixed($0, 1) } ?? "",
            ]
        }
        let header = ["model", "steps", "tokens", "first loss", "last loss", "seconds"]
        blocks.append(.table(ReportGrid(header: header, rows: rows)))
        if let chart = LossChart(report.training, models: report.models) {
            blocks.append(.figure(chart.svg, "Loss a target token, in nats, by step."))
        }
    }

    private mutating func add(_ corpus: CorpusOutline) {
        blocks.append(.heading("Corpus"))
        let rows = corpus.tokens.byDomain.sorted { $0.key < $1.key }.map { domain, tokens in
            let share = corpus.tokens.total > 0 ? Double(tokens) / Double(corpus.tokens.total) : 0
            return [domain, "\(tokens)", Figures.fixed(share, 3)]
        }
        blocks.append(
            .table(
                ReportGrid(
                    header: ["domain", "tokens", "share"], rows: rows + [["all", "\(corpus.tokens.total)", "1.000"]])))
        let dropped = (corpus.dropped ?? []).filter { $0.documents > 0 }
        guard !dropped.isEmpty else { return }
        blocks.append(.paragraph("Documents left out:"))
        blocks.append(.list(dropped.map { "\($0.source): \($0.documents) (\($0.reason))" }))
    }
}
