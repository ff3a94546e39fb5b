// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A count cut into pieces of whole grains that are as equal as can be: every thread has the same number of them, and
/// when all have taken their pieces in turn, each has had as much as the others to within a grain.
struct EvenSplit {
    /// How many pieces there are: a multiple of the threads, but for counts of fewer grains.
    let pieces: Int
    private let count: Int
    private let grain: Int
    private let grains: Int
    private let threads: Int

    /// Pieces of at most `most` elements, a multiple of `grain`.
    init(_ count: Int, grain: Int, most: Int, threads: Int) {
        self.count = count
        self.grain = grain
        grains = (count + grain - 1) / grain
        self.threads = min(threads, max(1, grains))
        let each = (grains + self.threads - 1) / self.threads
        let rounds = max(1, (each * grain + most - 1) / most)
        pieces = self.threads * rounds
    }

    /// The elements of a piece; pieces of one turn of the threads have neighbouring numbers.
    subscript(piece: Int) -> Range<Int> {
        edge(piece % threads, piece / threads)..<edge(piece % threads, piece / threads + 1)
    }

    private func edge(_ thread: Int, _ round: Int) -> Int {
        let rounds = pieces / threads
        let (first, last) = (thread * grains / threads, (thread + 1) * grains / threads)
        return min(count, (first + (last - first) * round / rounds) * grain)
    }
}
