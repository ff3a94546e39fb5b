// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A table of texts; the first column is of names, the others are of figures.
struct ReportGrid {
    let header: [String]
    /// Each as long as the header.
    let rows: [[String]]
}
