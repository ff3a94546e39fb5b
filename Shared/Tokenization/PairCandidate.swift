// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Two neighbouring symbols that could be merged next.
struct PairCandidate {
    let left: Int32
    let right: Int32
    /// The scalars of the merged piece.
    let spelling: [UInt32]
    /// Occurrences in the corpus; overlapping ones count each.
    var count = 0
    /// Where the left symbol stood when the pair arose.
    var positions: [UInt32] = []
    /// Merged, or the same text as a piece already found.
    var isSpent = false

    init(left: Int32, right: Int32, spelling: [UInt32]) {
        self.left = left
        self.right = right
        self.spelling = spelling
    }

    /// More frequent first; then shorter; then by scalars.
    func precedes(_ other: PairCandidate, counts: (Int, Int)) -> Bool {
        if counts.0 != counts.1 { return counts.0 > counts.1 }
        if spelling.count != other.spelling.count { return spelling.count < other.spelling.count }
        return spelling.lexicographicallyPrecedes(other.spelling)
    }
}

/// Candidates by rank. An entry remembers the count it was pushed with; one whose pair has lost some since goes back
/// with what is left.
struct CandidateQueue {
    private struct Entry {
        var number: Int
        var count: Int
    }
    private var heap: [Entry] = []

    mutating func push(_ number: Int, _ pairs: [PairCandidate]) {
        guard pairs[number].count > 0 else { return }
        heap.append(Entry(number: number, count: pairs[number].count))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2, pairs) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The best pair that is not spent.
    mutating func pop(_ pairs: [PairCandidate]) -> Int? {
        while let top = heap.first {
            removeFirst(pairs)
            let pair = pairs[top.number]
            if pair.isSpent { continue }
            if pair.count == top.count { return top.number }
            if pair.count < top.count { push(top.number, pairs) }
        }
        return nil
    }

    private mutating func removeFirst(_ pairs: [PairCandidate]) {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return }
            if child + 1 < heap.count, precedes(child + 1, child, pairs) { child += 1 }
            guard precedes(child, parent, pairs) else { return }
            heap.swapAt(child, parent)
            parent = child
        }
    }

    private func precedes(_ a: Int, _ b: Int, _ pairs: [PairCandidate]) -> Bool {
        let first = heap[a], second = heap[b]
        if first.count == second.count, first.number == second.number { return false }
        return pairs[first.number].precedes(pairs[second.number], counts: (first.count, second.count))
    }
}
