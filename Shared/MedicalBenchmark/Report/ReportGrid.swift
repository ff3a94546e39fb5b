// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A table of texts; the first columns are of names, the others of figures.
struct ReportGrid {
    let header: [String]
    /// Each as long as the header.
    let rows: [[String]]
    /// Columns of names.
    var leading = 1
    /// Columns at the end that are ours among others'.
    var marked = 0
    /// How dark a cell is, from 0 to 1, where figures are shown as colours too.
    var shades: [[Double]]?
}
