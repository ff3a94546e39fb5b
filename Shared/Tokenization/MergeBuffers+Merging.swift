// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension MergeBuffers {
    /// Stretches of up to this many symbols are merged by scanning, longer ones with a heap.
    static let longestScan = 40

    /// Merges neighbours in ``symbols`` (and ``starts`` beside them): the lowest rank first, the leftmost among equals,
    /// until none are left that merge.
    mutating func merge(by rules: some MergeRules, scanLimit: Int = longestScan) {
        if symbols.count <= scanLimit { mergeByScan(rules) } else { mergeByHeap(rules) }
    }

    private mutating func mergeByScan(_ rules: some MergeRules) {
        var count = symbols.count
        merged.removeAll(keepingCapacity: true)
        for i in 0..<count { merged.append(i + 1 < count ? rules.merge(symbols[i], symbols[i + 1]) : -1) }
        symbols.withUnsafeMutableBufferPointer { symbols in
            starts.withUnsafeMutableBufferPointer { starts in
                merged.withUnsafeMutableBufferPointer { merged in
                    while true {
                        var best = -1
                        var bestRank = Int32.max
                        for i in 0..<max(count - 1, 0) where merged[i] >= 0 {
                            let rank = rules.rank(of: merged[i])
                            if rank < bestRank { (best, bestRank) = (i, rank) }
                        }
                        guard best >= 0 else { break }
                        symbols[best] = rules.symbol(of: merged[best])
                        count -= 1
                        for i in best + 1..<max(count, best + 1) {
                            symbols[i] = symbols[i + 1]
                            starts[i] = starts[i + 1]
                            merged[i] = merged[i + 1]
                        }
                        merged[best] = best + 1 < count ? rules.merge(symbols[best], symbols[best + 1]) : -1
                        if best > 0 { merged[best - 1] = rules.merge(symbols[best - 1], symbols[best]) }
                    }
                }
            }
        }
        symbols.removeLast(symbols.count - count)
        starts.removeLast(starts.count - count)
    }

    private mutating func mergeByHeap(_ rules: some MergeRules) {
        let count = symbols.count
        merged = [Int32](repeating: -1, count: count)
        previous = (0..<count).map { Int32($0) - 1 }
        following = (0..<count).map { $0 + 1 < count ? Int32($0) + 1 : -1 }
        heap.removeAll()
        for left in 0..<count { consider(left, rules) }
        while let (rank, left) = heap.pop() {
            // An entry is stale unless the pair that is there now has its rank; a symbol merged away has no pair.
            let merge = merged[left]
            guard merge >= 0, rules.rank(of: merge) == rank else { continue }
            let right = Int(following[left])
            let next = following[right]
            symbols[left] = rules.symbol(of: merge)
            merged[right] = -1
            starts[right] = -1
            following[left] = next
            if next >= 0 { previous[Int(next)] = Int32(left) }
            consider(left, rules)
            consider(Int(previous[left]), rules)
        }
        var kept = 0
        for i in 0..<count where starts[i] >= 0 {
            symbols[kept] = symbols[i]
            starts[kept] = starts[i]
            kept += 1
        }
        symbols.removeLast(count - kept)
        starts.removeLast(count - kept)
    }

    /// Notes the merge of the symbol at `left` with the one that follows it.
    private mutating func consider(_ left: Int, _ rules: some MergeRules) {
        guard left >= 0 else { return }
        let right = Int(following[left])
        let merge = right < 0 ? -1 : rules.merge(symbols[left], symbols[right])
        merged[left] = merge
        if merge >= 0 { heap.push(rank: rules.rank(of: merge), position: left) }
    }
}
