// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How often each word occurs in a training corpus. A word is a run of spaces (written U+2581) and what follows it.
struct WordCounts: Sendable {
    private var table = PieceTable(minimumCapacity: 1 << 12)
    private(set) var counts: [Int] = []
    private var line: [UInt8] = []

    var isEmpty: Bool { counts.isEmpty }

    /// Takes in valid UTF-8, a line at a time.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            var last = end
            if last > start, text[last - 1] == 0x0D { last -= 1 }
            if last > start { addLine(UnsafeBufferPointer(rebasing: text[start..<last])) }
            start = end + 1
        }
    }

    /// The words and their counts, the most frequent first, equal ones by their bytes.
    var sorted: [(bytes: [UInt8], count: Int)] {
        counts.indices.map { (table.bytes(ofEntry: $0), counts[$0]) }
            .sorted { $0.1 != $1.1 ? $0.1 > $1.1 : $0.0.lexicographicallyPrecedes($1.0) }
    }

    /// The most frequent scalars that make up this share of all, by falling frequency, equal ones by value.
    func coveredCharacters(share: Double) -> [UInt32] {
        var frequency: [UInt32: Int] = [:]
        for entry in counts.indices {
            table.bytes(ofEntry: entry).withUnsafeBufferPointer { bytes in
                var index = 0
                while index < bytes.count {
                    let (scalar, length) = SymbolTable.scalar(bytes, at: index)
                    if Self.isTrainable(scalar) { frequency[scalar, default: 0] += counts[entry] }
                    index += length
                }
            }
        }
        let total = frequency.values.reduce(0, +)
        var covered: [UInt32] = []
        var seen = 0
        for (scalar, count) in frequency.sorted(by: { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }) {
            if Double(seen) / Double(total) >= share { break }
            seen += count
            covered.append(scalar)
        }
        return covered
    }

    /// NUL, the tab and U+2585 have roles of their own in the library's trainer and never become pieces.
    static func isTrainable(_ scalar: UInt32) -> Bool { scalar != 0 && scalar != 0x09 && scalar != 0x2585 }

    private mutating func addLine(_ text: UnsafeBufferPointer<UInt8>) {
        line.removeAll(keepingCapacity: true)
        line.append(contentsOf: SymbolTable.space)
        for byte in text {
            if byte == 0x20 { line.append(contentsOf: SymbolTable.space) } else { line.append(byte) }
        }
        line.withUnsafeBufferPointer { line in
            var start = 0
            var index = 3
            var isInSpaces = true
            while index < line.count {
                let isSpace = line[index] == 0xE2 && line[index + 1] == 0x96 && line[index + 2] == 0x81
                if isSpace && !isInSpaces {
                    addWord(UnsafeBufferPointer(rebasing: line[start..<index]))
                    start = index
                }
                isInSpaces = isSpace
                index += SymbolTable.scalar(line, at: index).length
            }
            addWord(UnsafeBufferPointer(rebasing: line[start...]))
        }
    }

    private mutating func addWord(_ word: UnsafeBufferPointer<UInt8>) {
        let known = table.find(word)
        if known >= 0 {
            counts[Int(known)] += 1
        } else {
            _ = table.insert(Array(word), Int32(counts.count))
            counts.append(1)
        }
    }
}
