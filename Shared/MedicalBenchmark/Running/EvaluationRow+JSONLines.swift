// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials

extension EvaluationRow {
    /// The row as one line of JSON with its line break.
    public func jsonLine() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self) + [UInt8(ascii: "\n")]
    }

    /// The rows of a file that may have been cut off in mid-line, as a killed evaluation leaves it: reading ends at the
    /// first line that is no row. `bytes` is how far the file is whole; what is behind it is to be cut before appending.
    public static func rows(fromJSONLines data: Data) -> (rows: [EvaluationRow], bytes: Int) {
        let decoder = JSONDecoder()
        var rows: [EvaluationRow] = []
        var whole = 0
        for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let end = whole + line.count + 1
            guard end <= data.count, let row = try? decoder.decode(EvaluationRow.self, from: Data(line)) else { break }
            rows.append(row)
            whole = end
        }
        return (rows, whole)
    }
}
