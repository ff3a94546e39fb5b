// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What byte-pair merging needs of a vocabulary, as numbers.
///
/// A *symbol* is what merging works on: a piece (symbol = id), or a single character that has no piece of its own but
/// occurs inside pieces (symbols from the vocabulary's size up). `-1` is a character that occurs in no piece.
struct SymbolTable: Sendable {
    /// The space of SentencePiece, U+2581, in UTF-8.
    static let space: [UInt8] = [0xE2, 0x96, 0x81]
    static let spaceScalar: UInt32 = 0x2581

    /// The symbol of each ASCII character.
    private(set) var ascii: [Int32]
    /// The symbol of other scalars.
    private(set) var scalars: PairTable
    /// The symbol that a pair of symbols merges into.
    private(set) var merges: PairTable
    /// When a symbol is merged: lower first, equal scores are equal ranks, leftmost first among them.
    private(set) var ranks: [Int32]
    /// The token a symbol is written as, or −1 for a character that has to be spelt in bytes.
    private(set) var outputs: [TokenID]
    /// Whether a piece has a space after another character, so that text must not be cut before spaces.
    private(set) var hasInnerSpaces = false

    init(_ model: SentencePieceModel) {
        let pieces = model.pieces
        var table = PieceTable(minimumCapacity: pieces.count)
        ascii = [Int32](repeating: -1, count: 128)
        scalars = PairTable(minimumCapacity: 1024)
        merges = PairTable(minimumCapacity: pieces.count * 4)
        ranks = []
        outputs = pieces.indices.map { TokenID($0) }
        for (id, piece) in pieces.enumerated() where piece.kind == .normal {
            _ = table.insert(piece.bytes, Int32(id))
        }
        for (id, piece) in pieces.enumerated() {
            switch piece.kind {
            case .normal: register(scalarsOf: piece, id: Int32(id), &table)
            // Text that spells a control piece of one character is that piece, as in the library.
            case .control where Self.isSingle(piece.bytes): registerControl(piece, id: Int32(id), &table)
            default: break
            }
        }
        ranks = Self.ranks(of: pieces) + [Int32](repeating: Int32.max, count: outputs.count - pieces.count)
        for (id, piece) in pieces.enumerated() where piece.kind == .normal {
            piece.bytes.withUnsafeBufferPointer { bytes in
                var cut = UTF8Repair.scalarLength(bytes, at: 0)
                while cut < bytes.count {
                    let left = table.find(UnsafeBufferPointer(rebasing: bytes[..<cut]))
                    let right = table.find(UnsafeBufferPointer(rebasing: bytes[cut...]))
                    if left >= 0, right >= 0 { merges.insert(PairTable.key(left, right), Int32(id)) }
                    cut += UTF8Repair.scalarLength(bytes, at: cut)
                }
            }
        }
    }

    /// The symbol of a scalar, or −1.
    @inline(__always)
    func symbol(_ scalar: UInt32) -> Int32 { scalar < 128 ? ascii[Int(scalar)] : scalars.find(UInt64(scalar)) }

    /// The scalar at `index` of valid UTF-8, and its length.
    @inline(__always)
    static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(bytes[index])
        if first < 0x80 { return (first, 1) }
        func low(_ offset: Int) -> UInt32 { UInt32(bytes[index + offset]) & 0x3F }
        if first < 0xE0 { return ((first & 0x1F) << 6 | low(1), 2) }
        if first < 0xF0 { return ((first & 0x0F) << 12 | low(1) << 6 | low(2), 3) }
        return ((first & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3), 4)
    }

    private mutating func register(
        scalarsOf piece: SentencePieceModel.Piece, id: Int32, _ table: inout PieceTable
    ) {
        piece.bytes.withUnsafeBufferPointer { bytes in
            var index = 0
            var isAfterText = false
            while index < bytes.count {
                let (scalar, length) = Self.scalar(bytes, at: index)
                let isWhole = length == bytes.count
                if scalar == Self.spaceScalar {
                    hasInnerSpaces = hasInnerSpaces || isAfterText
                } else {
                    isAfterText = true
                }
                if isWhole {
                    set(scalar, id)
                } else if symbol(scalar) < 0 {
                    let own = table.find(UnsafeBufferPointer(rebasing: bytes[index..<index + length]))
                    set(scalar, own >= 0 ? own : addSymbol(Array(bytes[index..<index + length]), &table))
                }
                index += length
            }
        }
    }

    private mutating func registerControl(
        _ piece: SentencePieceModel.Piece, id: Int32, _ table: inout PieceTable
    ) {
        let scalar = piece.bytes.withUnsafeBufferPointer { Self.scalar($0, at: 0).value }
        var own = symbol(scalar)
        if own < 0 {
            own = addSymbol(piece.bytes, &table)
            set(scalar, own)
        }
        outputs[Int(own)] = id
    }

    private mutating func addSymbol(_ bytes: [UInt8], _ table: inout PieceTable) -> Int32 {
        let symbol = Int32(outputs.count)
        outputs.append(-1)
        _ = table.insert(bytes, symbol)
        return symbol
    }

    private mutating func set(_ scalar: UInt32, _ symbol: Int32) {
        if scalar < 128 { ascii[Int(scalar)] = symbol } else { scalars.insert(UInt64(scalar), symbol) }
    }

    private static func isSingle(_ bytes: [UInt8]) -> Bool { UTF8Repair.scalarLength(bytes, at: 0) == bytes.count }

    /// Dense ranks of the scores, the highest score first.
    private static func ranks(of pieces: [SentencePieceModel.Piece]) -> [Int32] {
        let order = pieces.indices.sorted { pieces[$0].score > pieces[$1].score }
        var ranks = [Int32](repeating: 0, count: pieces.count)
        var rank: Int32 = 0
        for (place, id) in order.enumerated() {
            if place > 0, pieces[id].score != pieces[order[place - 1]].score { rank += 1 }
            ranks[id] = rank
        }
        return ranks
    }
}

extension SymbolTable: MergeRules {
    // A merge is named by the symbol it makes: all ways to make one have its score.
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Int32 {
        left < 0 || right < 0 ? -1 : merges.find(PairTable.key(left, right))
    }

    @inline(__always)
    func rank(of merge: Int32) -> Int32 { ranks[Int(merge)] }

    @inline(__always)
    func symbol(of merge: Int32) -> Int32 { merge }
}
