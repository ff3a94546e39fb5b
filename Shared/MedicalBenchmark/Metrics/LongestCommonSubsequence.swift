// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Longest common subsequences of token sequences.
enum LongestCommonSubsequence {
    /// The length, 64 cells of the table at a time (Hyyrö, 2004): a bit of a row is 0 where the length goes up by one.
    static func length(_ one: [Int32], _ other: [Int32]) -> Int {
        guard !one.isEmpty, !other.isEmpty else { return 0 }
        let words = (one.count + 63) / 64
        var places: [Int32: [UInt64]] = [:]
        for (index, token) in one.enumerated() {
            places[token, default: Array(repeating: 0, count: words)][index / 64] |= 1 << UInt64(index % 64)
        }
        var row = [UInt64](repeating: .max, count: words)
        for token in other {
            guard let match = places[token] else { continue }
            var carry: UInt64 = 0
            for word in 0..<words {
                let old = row[word]
                let hit = old & match[word]
                let (sum, first) = old.addingReportingOverflow(hit)
                let (total, second) = sum.addingReportingOverflow(carry)
                carry = first || second ? 1 : 0
                row[word] = total | (old & ~match[word])
            }
        }
        let last = one.count - (words - 1) * 64
        let mask: UInt64 = last == 64 ? .max : (1 << UInt64(last)) - 1
        return row.indices.reduce(0) { count, word in
            count + (~row[word] & (word == words - 1 ? mask : .max)).nonzeroBitCount
        }
    }

    /// The indices in `line` of one such subsequence, of several the one that rouge_score's walk back finds.
    static func indices(of line: [Int32], in other: [Int32]) -> [Int] { pairs(line, other).map(\.one) }

    /// The same with the places in both sequences, ascending.
    static func pairs<Token: Equatable>(_ one: [Token], _ other: [Token]) -> [(one: Int, other: Int)] {
        let width = other.count + 1
        var table = [Int32](repeating: 0, count: (one.count + 1) * width)
        for i in one.indices {
            for j in other.indices {
                table[(i + 1) * width + j + 1] =
                    one[i] == other[j]
                    ? table[i * width + j] + 1 : max(table[i * width + j + 1], table[(i + 1) * width + j])
            }
        }
        var (i, j) = (one.count, other.count)
        var found: [(one: Int, other: Int)] = []
        while i > 0, j > 0 {
            if one[i - 1] == other[j - 1] {
                found.append((i - 1, j - 1))
                (i, j) = (i - 1, j - 1)
            } else if table[i * width + j - 1] > table[(i - 1) * width + j] {
                j -= 1
            } else {
                i -= 1
            }
        }
        return found.reversed()
    }
}
