// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Llama
import Tensors

/// Adds the gradients of one step over the ranks, bucket by bucket, while the backward pass goes on.
///
/// The memory of the gradients stays where it is from the first bucket to ``finish()``: nothing else holds them.
final class GradientExchange {
    private let collective: any Collective
    private let sharding: Sharding
    private var begun = 0

    init(_ collective: any Collective, _ sharding: Sharding) {
        self.collective = collective
        self.sharding = sharding
    }

    /// Begins the buckets that lie in `first...` entirely; what fails is thrown by ``finish()``.
    func begin(_ gradients: UnsafeMutablePointer<Float>, finalFrom first: Int) {
        while begun < sharding.buckets.count, sharding.buckets[begun][0].lowerBound >= first {
            try? collective.startReduce(gradients, sharding.buckets[begun])
            begun += 1
        }
    }

    /// Begins all that is left, for a rank that had nothing to compute.
    func begin(_ gradients: inout LlamaGradients) {
        gradients.parameters.withUnsafeMutableValues { values in
            if let base = values.baseAddress { begin(base, finalFrom: 0) }
        }
    }

    /// Waits for the sums.
    func finish() throws { try collective.finish() }
}
