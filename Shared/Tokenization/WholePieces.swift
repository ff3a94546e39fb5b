// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Pieces that are always kept whole, found in text before anything is merged: the longest at the leftmost place.
struct WholePieces: Sendable {
    private var table: PieceTable
    /// Lengths of the pieces by first byte, the longest first.
    private var lengths: [[Int]] = Array(repeating: [], count: 256)

    /// Pieces of at least one byte; nil if there are none.
    init?(_ pieces: [(bytes: [UInt8], id: TokenID)]) {
        guard !pieces.isEmpty else { return nil }
        table = PieceTable(minimumCapacity: pieces.count)
        for piece in pieces {
            _ = table.insert(piece.bytes, piece.id)
            let first = Int(piece.bytes[0])
            if !lengths[first].contains(piece.bytes.count) { lengths[first].append(piece.bytes.count) }
        }
        for first in lengths.indices { lengths[first].sort(by: >) }
    }

    /// The longest piece at `index` and its length.
    @inline(__always)
    func match(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> (id: TokenID, length: Int)? {
        let candidates = lengths[Int(text[index])]
        return candidates.isEmpty ? nil : match(text, at: index, candidates)
    }

    private func match(
        _ text: UnsafeBufferPointer<UInt8>, at index: Int, _ lengths: [Int]
    ) -> (id: TokenID, length: Int)? {
        for length in lengths where length <= text.count - index {
            let id = table.find(UnsafeBufferPointer(rebasing: text[index..<index + length]))
            if id >= 0 { return (id, length) }
        }
        return nil
    }
}
