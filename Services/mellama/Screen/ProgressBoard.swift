// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// What of a run is shown while it goes on: one line a running stage. A value: lines out, no terminal.
struct ProgressBoard: Sendable {
    /// A stage or a job as it was last heard of.
    struct Row: Sendable, Hashable {
        var name: String
        var state: JobState
        var progress: JobProgress?
        var error: JobFailure?
    }

    private(set) var rows: [Row] = []

    init(names: [String] = []) { rows = names.map { Row(name: $0, state: .waiting) } }

    /// Takes an event in. Returns a line worth keeping: a stage that started, ended, or was interrupted.
    mutating func take(_ event: JobEvent) -> String? {
        let name = event.stage ?? event.job.rawValue
        let index: Int
        if let known = rows.firstIndex(where: { $0.name == name }) {
            index = known
        } else {
            rows.append(Row(name: name, state: .waiting))
            index = rows.count - 1
        }
        switch event.kind {
        case .progress:
            let known = rows[index].progress?.published?.last?.step ?? -1
            rows[index].progress = event.progress ?? rows[index].progress
            return Self.text(of: (event.progress?.published ?? []).filter { $0.step > known }, name)
        case .leaseExpired: return "\(name): its worker is gone; the job goes to another"
        case .cancelRequested: return "\(name): cancelling"
        case .gap: return "\(name): some events are too old to be shown"
        case .state: break
        }
        guard let state = event.state else { return nil }
        let before = rows[index].state
        rows[index].state = state
        rows[index].error = event.error
        if state != .running { rows[index].progress = state.isTerminal ? rows[index].progress : nil }
        switch state {
        case .waiting, .ready, .parked: return nil
        case .running: return before == .running ? nil : "\(name): running"
        case .delayed: return "\(name): will be tried again" + (event.error.map { " (\($0.detail))" } ?? "")
        default: return "\(name): \(state.rawValue)" + (event.error.map { " (\($0.detail))" } ?? "")
        }
    }

    /// The lines of what runs now, at most `width` columns each.
    func lines(width: Int) -> [String] {
        let running = rows.filter { $0.state == .running }
        let longest = running.map(\.name.count).max() ?? 0
        return running.map { row in
            let name = row.name + String(repeating: " ", count: longest - row.name.count)
            return String("  \(name) \(Self.text(row.progress))".prefix(width))
        }
    }

    /// A bar where the total is known, the counts, and the figures.
    static func text(_ progress: JobProgress?) -> String {
        guard let progress else { return "…" }
        var text = ""
        if let fraction = progress.fraction {
            let filled = Int((fraction * 20).rounded(.down))
            text += "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled) + "] "
            text += "\(Figures.fixed(fraction * 100, 0)) % "
        }
        text += progress.phase + " \(progress.step)" + (progress.total.map { "/\($0)" } ?? "")
        for (name, value) in progress.metrics.sorted(by: { order($0.key) < order($1.key) }).prefix(shown) {
            text += "  \(name) \(Figures.metric(value))"
        }
        return text
    }

    /// Figures that fit a line.
    private static let shown = 5
    /// What comes first of a training's figures, which are more than a line holds.
    private static let first = ["loss", "perplexity", "tokensPerSecond", "modelFlopsUtilization", "secondsLeft"]

    private static func order(_ name: String) -> (Int, String) { (first.firstIndex(of: name) ?? first.count, name) }

    /// The models that a training has published since it was last heard of.
    private static func text(of models: [PublishedModel], _ name: String) -> String? {
        let lines = models.compactMap { model in
            (model.adapter ?? model.model).map {
                "\(name): \(model.adapter == nil ? "model" : "adapter") of step \(model.step) published: \($0.text)"
            }
        }
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
