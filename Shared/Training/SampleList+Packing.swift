// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SampleList {
    /// The samples packed into rows of at most `length` tokens, in their order, none of them cut.
    ///
    /// `isolated` keeps where each sample starts, so that none sees another; `plain` makes each row one document.
    /// A row is closed when the next sample does not fit: order is kept, so the packing of a dataset is always the same.
    public static func packing(
        _ samples: any TrainingSamples, into length: Int, isolated: Bool
    ) throws -> SampleList {
        var rows: [TrainingSample] = []
        var ids: [Int32] = []
        var labels: [Int32] = []
        var starts: [Int] = []
        func close() {
            guard !ids.isEmpty else { return }
            rows.append(TrainingSample(ids: ids, labels: labels, starts: isolated ? starts : [0]))
            (ids, labels, starts) = ([], [], [])
        }
        for index in 0..<samples.count {
            let sample = try samples.sample(at: index)
            guard !sample.ids.isEmpty else { continue }
            if ids.count + sample.ids.count > length { close() }
            starts.append(contentsOf: sample.starts.map { $0 + ids.count })
            ids.append(contentsOf: sample.ids)
            labels.append(contentsOf: sample.labels)
        }
        close()
        return SampleList(rows)
    }
}
