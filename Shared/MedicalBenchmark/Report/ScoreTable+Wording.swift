// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension ScoreTable {
    /// The task and what most decides its figures, such as `PubMedQA, zero-shot, loglikelihood`.
    var heading: String { Self.heading(taskName: taskName, split: split, shots: shots, mode: mode) }

    static func heading(_ result: EvaluationResult) -> String {
        heading(taskName: result.taskName, split: result.split, shots: result.shots, mode: result.mode)
    }

    private static func heading(taskName: String, split: String?, shots: Int?, mode: AnswerMode?) -> String {
        let name = name(taskName: taskName, split: split)
        return ([name, setting(shots: shots, mode: mode)].filter { !$0.isEmpty }).joined(separator: ", ")
    }

    /// The task; of a subject of it, with the subject, which matters more than that it is the test split.
    private static func name(taskName: String, split: String?) -> String {
        let subject = split.flatMap { $0.contains("/") ? String($0.split(separator: "/").last ?? "") : nil }
        return subject.map { "\(taskName) \($0.split(separator: "_").joined(separator: " "))" } ?? taskName
    }

    private static func setting(shots: Int?, mode: AnswerMode?) -> String {
        let shots = shots.map { $0 == 0 ? "zero-shot" : "\($0)-shot" }
        return [shots, mode?.rawValue].compactMap { $0 }.joined(separator: ", ")
    }

    /// The first part of the heading.
    var shortName: String { Self.name(taskName: taskName, split: split) }

    /// The rest of it, such as `zero-shot, generate`; empty for saved predictions.
    var setting: String { Self.setting(shots: shots, mode: mode) }

    /// What stands for a score where no item's prompt fits the context.
    static let unfitCell = "prompt does not fit"

    /// Whether no item could be asked.
    func isUnfit(_ row: Row) -> Bool { items > 0 && row.unfit == items }

    /// What a score must not be read without: that items were not asked, or that nothing of the answers could be read.
    func caveat(_ row: Row) -> String? {
        let context = decoding.map { " of \($0.contextLength) tokens" } ?? ""
        let asked = items - row.unfit - (row.missing ?? 0)
        var parts: [String] = []
        if isUnfit(row) {
            parts.append(
                "prompt does not fit the context\(context): \(row.unfit) items, which are all; nothing was asked, and there "
                    + "is no score")
        } else if row.unfit > 0 {
            var text = "prompt does not fit the context\(context): \(row.unfit) items, not asked, counted as wrong"
            if let accuracy = row.metrics["accuracy"], asked > 0 {
                let share = Figures.fixed(accuracy.value * Double(items) / Double(asked), 3)
                text += "; of the \(asked) that were asked \(share) are right"
            }
            parts.append(text)
        }
        if asked > 0, row.parseRate == 0 {
            parts.append("none of \(asked) answers could be read: the 0 tells of their form, not of what it knows")
        }
        if asked > 0, row.truncated * 2 > items {
            parts.append("prompt cut to fit: \(row.truncated) items")
        }
        if asked > 0, let shots, let kept = row.shotsKept, kept < Double(shots) {
            parts.append("of \(shots) worked examples \(Figures.fixed(kept, 1)) fit on average")
        }
        return parts.isEmpty ? nil : "\(row.model): \(parts.joined(separator: "; "))."
    }

    /// One sentence with all that decides the figures.
    var settingSentence: String {
        var parts = ["N \(items)"]
        if let split { parts.append("split \(split)") }
        parts.append("profile \(profile.rawValue)")
        if let prompt { parts.append("prompt \(prompt)") }
        if let mode { parts.append("mode \(mode.rawValue)") }
        if let shots { parts.append("\(shots) shots") }
        if let decoding {
            parts.append("greedy, context \(decoding.contextLength)")
            if let maxTokens = decoding.maxTokens { parts.append("at most \(maxTokens) new tokens") }
        }
        parts.append("95 % bootstrap intervals (\(bootstrap.resamples) resamples, seed \(bootstrap.seed))")
        parts.append("data SHA-256 \(dataSHA256.prefix(12))")
        return parts.joined(separator: "; ") + "."
    }

    /// The metrics that its columns show: the task's own that any of its rows has, and BERTScore also where none has it.
    var columns: [HeadlineMetric] {
        kind.headline(profile).filter { metric in
            metric == .bertScore || rows.contains { $0.metrics[metric.name] != nil }
        }
    }

    /// A figure with its interval, or why there is none.
    static func figure(_ metric: HeadlineMetric, of metrics: [String: MetricEstimate]) -> String {
        if metric == .bertScore, metrics[metric.name] == nil { return "not run" }
        return Figures.estimate(metrics[metric.name])
    }

    /// What the BERTScores are of, or how to get them; empty for what is no summary.
    var encoderSentences: [String] {
        guard kind == .summary else { return [] }
        let hashes = Set(rows.map { $0.bertScore?.hash })
        let sentences = rows.map { row in
            row.bertScore.map { "\(row.model): BERTScore by \($0.hash)." }
                ?? "\(row.model): BERTScore: not run: no encoder named; \(BERTScoreSetting.howTo)."
        }
        return hashes.subtracting([nil]).count > 1
            ? sentences + ["BERTScores of two encoders can't be compared."] : sentences
    }

    /// The paper's models in the setting nearest to this table's: zero-shot where it has that, else whatever it has.
    func paperRows(isBrief: Bool) -> [PaperRow] {
        let settings = Set(paper.map(\.setting))
        let setting = settings.contains("zero-shot") ? "zero-shot" : paper.first?.setting
        var rows: [PaperRow] = []
        for figure in paper where figure.setting == setting {
            if isBrief, !figure.model.hasPrefix("LLaMA2"), !figure.model.hasPrefix("Me LLaMA") { continue }
            let index = rows.firstIndex { $0.model == figure.model } ?? rows.count
            if index == rows.count {
                rows.append(PaperRow(model: figure.model, setting: figure.setting, isCited: figure.cited))
            }
            rows[index].values[figure.metric] = figure.value
        }
        return rows
    }

    /// One model of the paper in one setting.
    struct PaperRow: Hashable {
        let model: String
        let setting: String
        let isCited: Bool
        /// By the paper's name of the metric.
        var values: [String: Double] = [:]
    }
}
