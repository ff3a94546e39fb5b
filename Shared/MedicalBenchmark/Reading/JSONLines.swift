// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A JSON Lines file, a record a line; blank lines are skipped.
enum JSONLines {
    struct Line {
        /// Counted from 1.
        let number: Int
        let bytes: ArraySlice<UInt8>
    }

    static func lines(of bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var number = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            if line.contains(where: { $0 > 0x20 }) { lines.append(Line(number: number, bytes: line)) }
        }
        return lines
    }
}
