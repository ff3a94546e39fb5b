// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Llama

/// What the micro-batches of one step add up to.
struct StepSums: Sendable {
    /// The part of some of the rows.
    struct Part: Sendable {
        /// In nats.
        var negativeLogLikelihood = 0.0
        var targets = 0
        /// Nats a target.
        var mean: Double { negativeLogLikelihood / Double(targets) }
    }

    private(set) var all = Part()
    /// Of the rows whose domain is known.
    private(set) var domains: [CorpusDomain: Part] = [:]
    /// Floating-point operations of the model.
    private(set) var flops = 0.0
    /// The micro-batch with the highest loss, by its place in the step.
    private(set) var worst: (place: Int, mean: Double)?
    private var batches = 0

    mutating func add(_ sum: LossSum, of batch: MicroBatch, flops: Double) {
        all.negativeLogLikelihood += sum.negativeLogLikelihood
        all.targets += sum.targetCount
        for (row, domain) in zip(sum.rows, batch.domains) where row.targetCount > 0 {
            guard let domain else { continue }
            domains[domain, default: Part()].negativeLogLikelihood += row.negativeLogLikelihood
            domains[domain, default: Part()].targets += row.targetCount
        }
        if worst.map({ sum.mean > $0.mean }) ?? true { worst = (batches, sum.mean) }
        self.flops += flops
        batches += 1
    }
}
