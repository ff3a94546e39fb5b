// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Says in plain sentences what a stage did, and where it did nothing.
struct StageWording {
    let effect: StageEffect

    /// A perplexity within this share of another counts as the same: it has no interval of its own.
    static let sameShare = 0.005

    var sentences: [String] {
        [summary] + [training].compactMap { $0 } + effect.perplexity.map(perplexity) + effect.scores.map(score)
            + effect.unpaired
    }

    private var summary: String {
        if effect.perplexity.isEmpty, effect.scores.isEmpty {
            return "Nothing was measured on both sides of this stage, so nothing can be said of it."
        }
        let moved = effect.perplexity.filter { !Self.isSame($0.before, $0.after) }
        let scored = effect.scores.filter { $0.change.isMeasurable }
        let differs =
            effect.scores.contains { $0.change.changedAnswers > 0 }
            || effect.perplexity.contains { $0.before != $0.after }
        guard moved.isEmpty, scored.isEmpty else {
            let domains = moved.map { "\($0.domain) perplexity \($0.after < $0.before ? "fell" : "rose")" }
            let scores = scored.map {
                "\($0.task): \(Self.name($0.change.metric)) \($0.change.difference.value > 0 ? "rose" : "fell")"
            }
            let parts = domains + (scores.isEmpty && !effect.scores.isEmpty ? ["no score changed measurably"] : scores)
            return "Measurable: " + parts.joined(separator: "; ") + "."
        }
        return differs
            ? "This stage changed nothing measurable."
            : "This stage did nothing: every answer and every perplexity is as before."
    }

    private var training: String? {
        guard let training = effect.training else { return nil }
        var text = "Training: \(training.steps) steps over \(training.tokens) tokens"
        if let first = training.firstLoss, let last = training.lastLoss {
            text += ", loss \(Figures.fixed(first, 3)) to \(Figures.fixed(last, 3))"
            if last >= first { text += " (it did not fall)" }
        }
        return text + "."
    }

    private func perplexity(_ change: StageEffect.PerplexityChange) -> String {
        let figures = "\(Figures.perplexity(change.before)) to \(Figures.perplexity(change.after))"
        var text = "Perplexity on held-out \(change.domain) text: \(figures)"
        if change.before == change.after {
            text += ", unchanged"
        } else {
            text += " (\(Figures.percent(change.after / change.before - 1)))"
            if Self.isSame(change.before, change.after) { text += ", no change to speak of" }
        }
        if let control = change.control, let name = effect.control {
            text += "; \(name) ended at \(Figures.perplexity(control))"
            text +=
                Self.isSame(control, change.after)
                ? ", the same as this stage"
                : ", and this stage is \(Figures.percent(change.after / control - 1)) against it"
        }
        return text + "."
    }

    private func score(_ score: StageEffect.ScoreChange) -> String {
        let change = score.change
        var text = "\(score.task), \(Self.name(change.metric)): \(Figures.fixed(change.before, 3)) to "
        text += "\(Figures.fixed(change.after, 3)), \(Self.verdict(change))"
        if let control = score.againstControl, let name = effect.control {
            text += "; against \(name) (\(Figures.fixed(control.before, 3))), \(Self.verdict(control))"
        }
        return text + "."
    }

    private static func verdict(_ difference: PairedDifference) -> String {
        if difference.changedAnswers == 0 { return "every answer the same" }
        let estimate = difference.difference
        let figures =
            "difference \(Figures.signed(estimate.value)) "
            + "[\(Figures.signed(estimate.low)), \(Figures.signed(estimate.high))]"
        let test = difference.mcNemar.map { ", McNemar p \(Figures.probability($0.p))" } ?? ""
        return figures + test + (difference.isMeasurable ? "" : ": no measurable change")
    }

    static func name(_ metric: String) -> String {
        let known = AnswerKind.allCases.lazy.flatMap { $0.headline(.strict) }.first { $0.name == metric }
        return known?.title ?? metric
    }

    private static func isSame(_ first: Double, _ second: Double) -> Bool {
        abs(second - first) <= sameShare * abs(first)
    }
}
