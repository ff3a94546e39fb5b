// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// Which rank keeps the moments of what, and updates it (ZeRO stage 1, Rajbhandari et al. 2020).
///
/// What is trained, as one block of numbers, is cut into buckets from its end to its beginning: the order in which the
/// backward pass finishes gradients. Each rank owns an equal shard of every bucket. Where a number lies depends on the
/// layout and the number of ranks alone.
struct Sharding: Sendable, Hashable {
    /// Floats of a bucket: 16 MB.
    static let bucketSize = 1 << 22
    /// Shards begin at multiples of this, a cache line.
    private static let alignment = 16

    /// The shards of each bucket, by rank.
    let buckets: [[Range<Int>]]
    /// This rank's shard of each bucket.
    let own: [Range<Int>]

    init(count: Int, rank: Int, ranks: Int) {
        guard ranks > 1 else {
            (buckets, own) = ([[0..<count]], [0..<count])
            return
        }
        var buckets: [[Range<Int>]] = []
        var upper = count
        while upper > 0 {
            let lower = max(0, upper - Self.bucketSize)
            let lines = (upper - lower + Self.alignment - 1) / Self.alignment
            let size = (lines + ranks - 1) / ranks * Self.alignment
            buckets.append(
                (0..<ranks).map { min(upper, lower + $0 * size)..<min(upper, lower + ($0 + 1) * size) })
            upper = lower
        }
        self.buckets = buckets
        own = buckets.map { $0[rank] }
    }

    /// Numbers of this rank.
    var count: Int { own.reduce(0) { $0 + $1.count } }

    /// The layout of this rank's moments: that of the parameters where it owns them all.
    func moments(of layout: ParameterLayout) -> ParameterLayout {
        buckets.count == 1 && buckets[0].count == 1 ? layout : ParameterLayout([("shards", [count])])
    }
}
