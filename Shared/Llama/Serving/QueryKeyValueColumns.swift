// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The order of the columns of one product for queries, keys and values: for each key head its query heads, its key,
/// its value, filled up to whole panels, so that a group can be computed and attend on its own.
struct QueryKeyValueColumns: Sendable {
    /// Columns of a group's queries.
    let queryColumns: Int
    /// Columns of a group that are not filling.
    let used: Int
    /// From group to group.
    let stride: Int
    /// All groups.
    let count: Int
    private let headDimension: Int

    init(_ c: LlamaConfiguration) {
        queryColumns = c.groupSize * c.headDimension
        used = queryColumns + 2 * c.headDimension
        stride = PanelMatrix.panels(used) * PanelMatrix.panelColumns
        count = c.keyValueHeadCount * stride
        headDimension = c.headDimension
    }

    /// Which of the three weights a column is a row of, and which row; nil for filling.
    func source(_ column: Int) -> (weight: Int, row: Int)? {
        let (group, place) = (column / stride, column % stride)
        if place < queryColumns { return (0, group * queryColumns + place) }
        let rest = place - queryColumns
        guard rest < 2 * headDimension else { return nil }
        return (1 + rest / headDimension, group * headDimension + rest % headDimension)
    }
}
