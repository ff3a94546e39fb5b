// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the most frequent pair of neighbouring symbols again and again, with counts kept up to date by what each merge
/// changes, instead of counted anew.
///
/// All words lie one after another in flat arrays; a merge leaves the merged symbol at the left position and a hole at
/// the right one. A pair knows the positions where it began; those that are no more are skipped.
struct MergeTrainer {
    private static let hole: Int32 = -2
    private static let rare: Int32 = -1
    private static let invalid: Int32 = -1

    private var symbols: [Int32] = []
    private var previous: [Int32] = []
    private var following: [Int32] = []
    /// How often the word at a position occurs.
    private var weights: [Int] = []

    private var pairs: [PairCandidate] = []
    private var pairNumbers = PairTable(minimumCapacity: 1 << 12)
    private var queue = CandidateQueue()
    /// The scalars of each symbol: characters first, then pairs that were merged.
    private var spellings: [[UInt32]]
    private var seen: Set<[UInt32]> = []
    private let rules: PieceRules

    init(_ words: WordCounts, characters: [UInt32], maximumPieceLength: Int) {
        spellings = characters.map { [$0] }
        rules = PieceRules(maximumLength: maximumPieceLength)
        var numbers = PairTable(minimumCapacity: characters.count)
        for (number, scalar) in characters.enumerated() { numbers.insert(UInt64(scalar), Int32(number)) }
        for (bytes, count) in words.sorted { append(bytes, count, numbers) }
        for left in symbols.indices { addPair(left, Int(following[left])) }
        for number in pairs.indices { queue.push(number, pairs) }
    }

    /// The next piece in UTF-8, merged everywhere; nil when no pair is left.
    mutating func nextPiece() -> [UInt8]? {
        while let number = queue.pop(pairs) {
            let pair = pairs[number]
            pairs[number].isSpent = true
            guard seen.insert(pair.spelling).inserted else { continue }
            merge(pair)
            pairs[number].positions = []
            var text = ""
            for scalar in pair.spelling { text.unicodeScalars.append(Unicode.Scalar(scalar) ?? "\u{FFFD}") }
            return Array(text.utf8)
        }
        return nil
    }

    private mutating func append(_ bytes: [UInt8], _ count: Int, _ numbers: PairTable) {
        let first = symbols.count
        bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            while index < bytes.count {
                let (scalar, length) = SymbolTable.scalar(bytes, at: index)
                let number = numbers.find(UInt64(scalar))
                previous.append(symbols.count == first ? -1 : Int32(symbols.count - 1))
                symbols.append(number < 0 ? Self.rare : number)
                following.append(Int32(symbols.count))
                weights.append(count)
                index += length
            }
        }
        following[symbols.count - 1] = -1
    }

    /// The number of the pair at these positions, or −1 if they may not be merged.
    private mutating func pairNumber(_ left: Int, _ right: Int) -> Int32 {
        guard left >= 0, right >= 0, symbols[left] >= 0, symbols[right] >= 0 else { return Self.invalid }
        let key = PairTable.key(symbols[left], symbols[right])
        let known = pairNumbers.find(key)
        if known >= 0 { return known - 1 }
        let spelling = spellings[Int(symbols[left])] + spellings[Int(symbols[right])]
        guard rules.allow(spelling) else {
            // Stored one up, so that 0 says "may not be merged".
            pairNumbers.insert(key, 0)
            return Self.invalid
        }
        pairs.append(PairCandidate(left: symbols[left], right: symbols[right], spelling: spelling))
        pairNumbers.insert(key, Int32(pairs.count))
        return Int32(pairs.count - 1)
    }

    private mutating func addPair(_ left: Int, _ right: Int) {
        let number = Int(pairNumber(left, right))
        guard number >= 0, !pairs[number].isSpent else { return }
        pairs[number].count += weights[left]
        pairs[number].positions.append(UInt32(left))
    }

    private mutating func removePair(_ left: Int, _ right: Int) {
        let number = Int(pairNumber(left, right))
        guard number >= 0 else { return }
        pairs[number].count -= weights[left]
    }

    private mutating func merge(_ pair: PairCandidate) {
        let symbol = Int32(spellings.count)
        spellings.append(pair.spelling)
        var grown: Set<Int> = []
        for position in pair.left == pair.right ? pair.positions.sorted() : pair.positions {
            let left = Int(position)
            guard symbols[left] == pair.left, following[left] >= 0 else { continue }
            let right = Int(following[left])
            guard symbols[right] == pair.right else { continue }
            let before = Int(previous[left]), after = Int(following[right])
            removePair(before, left)
            removePair(right, after)
            symbols[left] = symbol
            symbols[right] = Self.hole
            following[left] = Int32(after)
            if after >= 0 { previous[after] = Int32(left) }
            addPair(before, left)
            addPair(left, after)
            for (first, second) in [(before, left), (left, after)] {
                let number = Int(pairNumber(first, second))
                if number >= 0 { grown.insert(number) }
            }
        }
        // Sorted, so that nothing depends on the order of a hash table.
        for number in grown.sorted() where !pairs[number].isSpent { queue.push(number, pairs) }
    }
}
