// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tokenization

/// Puts whole samples into rows, each kept apart by its segment; a row is done when nothing open fits.
struct SamplePacker {
    /// So many rows are kept open for a sample that fits the gap.
    static let openRows = 64

    private let sequenceLength: Int
    private let packs: Bool
    private var open: [TokenSequence] = []

    init(sequenceLength: Int, packs: Bool) {
        self.sequenceLength = sequenceLength
        self.packs = packs
    }

    /// Adds a sample, which must fit a row; returns the rows that are done.
    mutating func add(_ sample: InstructionEncoder.Encoded) -> [TokenSequence] {
        let labels =
            repeatElement(TokenSequence.ignoredLabel, count: sample.promptCount)
            + sample.ids.dropFirst(sample.promptCount)
        let row = TokenSequence(ids: sample.ids, labels: Array(labels), textBytes: sample.textBytes)
        guard packs else { return [row] }
        // Best fit: the fullest row that still has room.
        var best: Int?
        for (place, candidate) in open.enumerated() where candidate.ids.count + row.ids.count <= sequenceLength {
            if best.map({ open[$0].ids.count < candidate.ids.count }) ?? true { best = place }
        }
        guard let best else {
            open.append(row)
            guard open.count > Self.openRows else { return [] }
            // The fullest row has the least to gain from waiting.
            let fullest = open.indices.max { open[$0].ids.count < open[$1].ids.count } ?? 0
            return [open.remove(at: fullest)]
        }
        let segment = (open[best].segments.last ?? -1) + 1
        open[best].ids += row.ids
        open[best].labels += row.labels
        open[best].segments += repeatElement(segment, count: row.ids.count)
        open[best].textBytes += row.textBytes
        return open[best].ids.count == sequenceLength ? [open.remove(at: best)] : []
    }

    /// The rows that are still open.
    mutating func finish() -> [TokenSequence] {
        defer { open = [] }
        return open
    }
}
