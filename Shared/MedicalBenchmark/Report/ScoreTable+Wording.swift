// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension ScoreTable {
    /// The task and what most decides its figures, such as `PubMedQA, zero-shot, loglikelihood`.
    var heading: String { Self.heading(taskName: taskName, split: split, shots: shots, mode: mode) }

    static func heading(_ result: EvaluationResult) -> String {
        heading(taskName: result.taskName, split: result.split, shots: result.shots, mode: result.mode)
    }

    private static func heading(taskName: String, split: String?, shots: Int?, mode: AnswerMode?) -> String {
        let shots = shots.map { $0 == 0 ? "zero-shot" : "\($0)-shot" }
        // `test/anatomy`: the subject matters more than that it is the test split.
        let subject = split.flatMap { $0.contains("/") ? String($0.split(separator: "/").last ?? "") : nil }
        let name = subject.map { "\(taskName) \($0.split(separator: "_").joined(separator: " "))" } ?? taskName
        return ([name, shots, mode?.rawValue].compactMap { $0 }).joined(separator: ", ")
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
            if decoding.isEstimated == true {
                parts.append("lengths estimated at \(SharingModel.bytesPerToken) bytes a token")
            }
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

    /// What the answers of remote models took.
    var usageSentences: [String] {
        rows.compactMap { row in
            row.usage.map { usage in
                let retries = usage.retries > 0 ? " (\(Figures.fixed(usage.retries, 0)) of them again)" : ""
                let cost = usage.cost.map { ", cost \(Figures.fixed($0, 4))" } ?? ""
                return "\(row.model): \(Figures.fixed(usage.requests, 0)) requests\(retries) to a remote model, "
                    + "\(Figures.fixed(usage.promptTokens, 0)) tokens of prompts and "
                    + "\(Figures.fixed(usage.completionTokens, 0)) of answers\(cost)."
            }
        }
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
