// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

extension TokenDataset {
    /// Opens a JSON Lines file, one row a line: `{"input_ids": […], "labels": […]}`; without labels, all are trained.
    /// `domain` may be beside them. Every line is checked now, and read again when its row is asked for.
    public init(tokensFile path: String, vocabularySize: Int = 0) throws {
        var rows = RowDigest()
        let limit = vocabularySize == 0 ? Int(Int32.max) : vocabularySize
        let lines = try TokenLines(path: path, limit: limit) { rows.add($0) }
        guard lines.count > 0 else {
            throw CorporaError(.emptySource, path, "has no rows; write one JSON object with input_ids a line")
        }
        self.init(lines: lines, rows, vocabularySize: vocabularySize)
    }
}
