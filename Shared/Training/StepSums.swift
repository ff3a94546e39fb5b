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

    init() {}

    mutating func add(_ sum: LossSum, of batch: MicroBatch, at place: Int, flops: Double) {
        all.negativeLogLikelihood += sum.negativeLogLikelihood
        all.targets += sum.targetCount
        for (row, domain) in zip(sum.rows, batch.domains) where row.targetCount > 0 {
            guard let domain else { continue }
            domains[domain, default: Part()].negativeLogLikelihood += row.negativeLogLikelihood
            domains[domain, default: Part()].targets += row.targetCount
        }
        if worst.map({ sum.mean > $0.mean }) ?? true { worst = (place, sum.mean) }
        self.flops += flops
    }

    /// Everything as numbers, for other ranks.
    var numbers: [Double] {
        let parts = [all] + CorpusDomain.allCases.map { domains[$0] ?? Part() }
        return parts.flatMap { [$0.negativeLogLikelihood, Double($0.targets)] }
            + [flops, worst.map { Double($0.place) } ?? -1, worst?.mean ?? 0]
    }

    /// The numbers of all ranks together, added in their order.
    init(_ ranks: [[Double]]) {
        for numbers in ranks {
            for (index, domain) in ([nil] + CorpusDomain.allCases).enumerated() {
                let (sum, targets) = (numbers[2 * index], Int(numbers[2 * index + 1]))
                guard targets > 0 else { continue }
                if let domain {
                    domains[domain, default: Part()].negativeLogLikelihood += sum
                    domains[domain, default: Part()].targets += targets
                } else {
                    all.negativeLogLikelihood += sum
                    all.targets += targets
                }
            }
            let rest = numbers.suffix(3)
            flops += rest[rest.startIndex]
            let (place, mean) = (Int(rest[rest.startIndex + 1]), rest[rest.startIndex + 2])
            if place >= 0, worst.map({ mean > $0.mean || mean == $0.mean && place < $0.place }) ?? true {
                worst = (place, mean)
            }
        }
    }
}
