// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Corpora
import Llama

extension Trainer {
    /// The held-out rows as the model predicts them now, each domain for itself; nil when asked to stop.
    ///
    /// Each rank scores its share of the rows. A pass takes no more tokens than one of training, so that it fits the memory that was planned; how rows share a
    /// pass does not change their scores.
    func evaluate(_ shouldStop: () -> Bool) throws -> HeldOutResult? {
        var domains: [String: PerplexityResult] = [:]
        let most = min(Perplexity.batchTokens, max(rows.longest, rows.largest(recipe.microBatch)))
        for (name, part) in heldOut.sorted(by: { $0.key < $1.key }) {
            let result = try Perplexity.evaluate(
                model, part, isolated: part.manifest?.packing != .documents, batchTokens: most,
                share: (collective.rank, collective.size), isCancelled: shouldStop)
            guard try !collective.follow(result == nil), let result else { return nil }
            domains[name] = try summed(result.total)
        }
        return HeldOutResult(domains: domains)
    }

    /// Whether held-out rows are to be scored after the present step.
    var evaluatesNow: Bool {
        guard recipe.evaluateEvery > 0, !heldOut.isEmpty else { return false }
        return progress.step % recipe.evaluateEvery == 0 || progress.step == plan.totalSteps
    }

    /// Whether the model is to be published after the present step; the last one is what the run makes anyway.
    var publishesNow: Bool {
        recipe.publishEvery > 0 && progress.step % recipe.publishEvery == 0 && progress.step < plan.totalSteps
    }
}
