// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// What rows are, as one digest, and the longest of them: the same whether they are in memory or in a file.
struct RowDigest {
    /// Tokens of the longest row.
    private(set) var longest = 0
    private var hash = SHA256()

    mutating func add(_ row: TokenSequence) {
        longest = max(longest, row.ids.count)
        for values in [row.ids, row.labels, row.segments] {
            withUnsafeBytes(of: Int64(values.count).littleEndian) { hash.update($0) }
            values.withUnsafeBytes { hash.update($0) }
        }
    }

    /// `sha256:…`.
    consuming func finish() -> String { hash.finish() }
}
