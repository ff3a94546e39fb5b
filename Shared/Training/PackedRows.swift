// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora

/// Rows of several samples of a dataset each, put together as they are asked for: only their places are in memory.
struct PackedRows: Sendable {
    private let dataset: TokenDataset
    /// The first sample of each row.
    private let starts: [Int]

    init(_ dataset: TokenDataset, starts: [Int]) {
        self.dataset = dataset
        self.starts = starts
    }

    var count: Int { starts.count }

    /// The samples of a row, by their numbers in the dataset.
    func samples(_ index: Int) -> Range<Int> {
        starts[index]..<(index + 1 < starts.count ? starts[index + 1] : dataset.count)
    }

    /// The row of this index; its domain is that of its samples where they agree.
    func sequence(_ index: Int) throws -> TokenSequence {
        var row = TokenSequence(ids: [])
        for number in samples(index) {
            let sample = try dataset.sequence(number)
            let first = (row.segments.last ?? -1) + 1
            row.domain = row.ids.isEmpty || row.domain == sample.domain ? sample.domain : nil
            row.ids += sample.ids
            row.labels += sample.labels
            row.segments += sample.segments.map { $0 + first }
            row.textBytes += sample.textBytes
        }
        return row
    }
}
