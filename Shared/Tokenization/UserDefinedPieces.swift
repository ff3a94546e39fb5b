// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The pieces that are always kept whole, found in text before anything is merged.
struct UserDefinedPieces: Sendable {
    private struct Entry: Sendable {
        var bytes: [UInt8]
        var id: TokenID
    }
    /// By first byte, the longest first.
    private var entries: [UInt8: [Entry]] = [:]

    /// The user-defined pieces of a model, or nil if it has none.
    init?(_ model: SentencePieceModel) {
        for (id, piece) in model.pieces.enumerated() where piece.kind == .userDefined {
            entries[piece.bytes[0], default: []].append(Entry(bytes: piece.bytes, id: TokenID(id)))
        }
        guard !entries.isEmpty else { return nil }
        for first in entries.keys { entries[first]?.sort { $0.bytes.count > $1.bytes.count } }
    }

    /// The longest piece at `index` and its length.
    func match(_ text: UnsafeBufferPointer<UInt8>, at index: Int) -> (id: TokenID, length: Int)? {
        guard let candidates = entries[text[index]] else { return nil }
        for candidate in candidates where candidate.bytes.count <= text.count - index {
            if text[index..<index + candidate.bytes.count].elementsEqual(candidate.bytes) {
                return (candidate.id, candidate.bytes.count)
            }
        }
        return nil
    }
}
