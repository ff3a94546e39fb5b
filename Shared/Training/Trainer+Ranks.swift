// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Collectives
import Llama
import Tensors

/// What the ranks of a run do together. With one rank each of these is what it would be without.
extension Trainer {
    /// The numbers of all ranks together, added in their order.
    func summed(_ numbers: [Double]) throws -> [Double] {
        let all = try collective.share(numbers)
        return all.dropFirst().reduce(all[0]) { sums, more in zip(sums, more).map { $0 + $1 } }
    }

    /// The scores of all ranks together.
    func summed(_ part: PerplexityResult) throws -> PerplexityResult {
        let numbers = [part.negativeLogLikelihood, Double(part.tokens), part.bytes.map(Double.init) ?? -1]
        let all = try collective.share(numbers).map {
            PerplexityResult(negativeLogLikelihood: $0[0], tokens: Int($0[1]), bytes: $0[2] < 0 ? nil : Int($0[2]))
        }
        return all.dropFirst().reduce(all[0]) { $0.adding($1) }
    }

    /// The sum of squares of this rank's shards of the gradients.
    func squares(_ gradients: LlamaGradients) -> Double {
        gradients.parameters.withUnsafeValues { values in
            guard let base = values.baseAddress else { return 0 }
            return sharding.own.reduce(0) { $0 + Kernels.sumOfSquares(base + $1.lowerBound, count: $1.count) }
        }
    }

    /// Updates this rank's shards and fetches the others' while it goes on.
    mutating func update(_ gradients: LlamaGradients, learningRate: Double, gradientScale: Double) throws {
        let (collective, sharding) = (collective, sharding)
        try withTrained { parameters, optimizer in
            optimizer.update(
                &parameters, gradients: gradients.parameters, learningRate: learningRate,
                gradientScale: gradientScale, shards: sharding.own
            ) { bucket, values in
                try? collective.startGather(values, sharding.buckets[bucket])
            }
            try collective.finish()
        }
    }

    /// All moments from every rank's shards, in the memory of the gradients.
    func gathered(_ moments: ParameterSet, in gradients: inout LlamaGradients) throws -> ParameterSet {
        guard collective.size > 1 else { return moments }
        try gradients.parameters.withUnsafeMutableValues { values in
            guard let base = values.baseAddress else { return }
            moments.withUnsafeValues { own in
                var place = 0
                for shard in sharding.own {
                    _ = UnsafeMutableBufferPointer(rebasing: values[shard])
                        .update(fromContentsOf: own[place..<place + shard.count])
                    place += shard.count
                }
            }
            for shards in sharding.buckets { try collective.startGather(base, shards) }
            try collective.finish()
        }
        return gradients.parameters
    }

    /// This rank's shards of all moments.
    func sharded(_ moments: ParameterSet) throws -> ParameterSet {
        guard collective.size > 1 else { return moments }
        var own = try ParameterSet(zeros: sharding.moments(of: moments.layout))
        own.withUnsafeMutableValues { own in
            moments.withUnsafeValues { values in
                var place = 0
                for shard in sharding.own {
                    _ = UnsafeMutableBufferPointer(rebasing: own[place..<place + shard.count])
                        .update(fromContentsOf: values[shard])
                    place += shard.count
                }
            }
        }
        return own
    }

    /// Throws where a rank was given another recipe, dataset or model than rank 0.
    func checkAgreement() throws {
        guard collective.size > 1 else { return }
        let digest = try identity.digest()
        let all = try collective.share(digest)
        for (rank, other) in all.enumerated() where other != all[0] {
            throw TrainingError(
                .invalidRecipe, "rank \(rank)", "has another recipe, dataset or model than rank 0",
                remedy: "give every machine the same files, at the same paths")
        }
    }
}
