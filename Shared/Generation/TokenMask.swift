// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The tokens that may come next, one bit an id.
public struct TokenMask: Sendable, Hashable {
    private var words: [UInt64]
    /// How many tokens it allows.
    public private(set) var count = 0

    /// A mask that allows none of `vocabularySize` tokens.
    public init(vocabularySize: Int) {
        words = [UInt64](repeating: 0, count: (max(0, vocabularySize) + 63) / 64)
    }

    public func contains(_ id: Int32) -> Bool {
        let word = Int(id) >> 6
        return id >= 0 && word < words.count && words[word] & (1 << UInt64(id & 63)) != 0
    }

    /// Allows one more; an id beyond the vocabulary is passed over.
    public mutating func insert(_ id: Int32) {
        guard id >= 0, Int(id) >> 6 < words.count, !contains(id) else { return }
        words[Int(id) >> 6] |= 1 << UInt64(id & 63)
        count += 1
    }

    /// Calls `body` with every id allowed, in order.
    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        for (index, word) in words.enumerated() where word != 0 {
            var rest = word
            while rest != 0 {
                body(index << 6 + rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
        }
    }
}
