// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Draws worked examples for an item.
///
/// Each item has a draw of its own from the seed and its id, so its shots do not depend on which other items are
/// asked, in what order or in what batches. (The authors draw from one stream over the shuffled set: there a limit
/// changes every later item's shots.)
struct FewShotSampler {
    let seed: UInt64

    /// `count` different items of the pool, never the item itself; of a pool of just so many all, in its order, so that
    /// prompts begin alike and their beginning is computed once. Its text tells, not the id: where a publisher gives no
    /// ids, two files number their records alike.
    func sample(
        _ count: Int, for item: BenchmarkItem, from pool: [BenchmarkItem]
    ) throws(BenchmarkError) -> [BenchmarkItem] {
        guard count > 0 else { return [] }
        if pool.count == count, !pool.contains(where: { $0.asksTheSame(as: item) }) { return pool }
        var generator = SeededGenerator(seed: seed, name: item.id)
        var chosen: [BenchmarkItem] = []
        var taken: Set<Int> = []
        while chosen.count < count {
            guard taken.count < pool.count else {
                throw BenchmarkError(
                    .invalidSetting, "shots",
                    "\(count) are asked for, and \"shotsData\" has \(chosen.count) other items",
                    remedy: "ask for fewer, or name a larger file in \"shotsData\"")
            }
            let index = generator.index(below: pool.count)
            guard taken.insert(index).inserted else { continue }
            let candidate = pool[index]
            if !candidate.asksTheSame(as: item) { chosen.append(candidate) }
        }
        return chosen
    }
}
