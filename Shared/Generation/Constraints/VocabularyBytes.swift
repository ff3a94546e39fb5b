// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What each token of a vocabulary writes, sorted by bytes so that tokens that begin alike stand together.
public final class VocabularyBytes: Sendable {
    /// Ids of tokens that write something, by their bytes.
    let ids: [Int32]
    /// The bytes of each of `ids`, one after the other.
    private let bytes: [UInt8]
    private let starts: [Int]
    /// How many bytes each has in common with the one before it.
    let common: [Int]
    /// Characters of each that stands inside a JSON string as it is, 0 for any other.
    let plainCharacters: [Int]
    /// By id.
    private let order: [Int]
    /// Bytes of the longest.
    let longest: Int
    let vocabularySize: Int

    /// - Parameter append: appends the bytes of a token; control tokens have none.
    public init(vocabularySize: Int, append: (Int32, inout [UInt8]) -> Void) {
        self.vocabularySize = vocabularySize
        var tokens: [(id: Int32, bytes: [UInt8])] = []
        for id in 0..<Int32(vocabularySize) {
            var token: [UInt8] = []
            append(id, &token)
            if !token.isEmpty { tokens.append((id, token)) }
        }
        tokens.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        ids = tokens.map(\.id)
        bytes = tokens.flatMap(\.bytes)
        var starts = [0]
        for token in tokens { starts.append(starts[starts.count - 1] + token.bytes.count) }
        self.starts = starts
        var common = [Int](repeating: 0, count: tokens.count)
        for index in tokens.indices.dropFirst() {
            common[index] = zip(tokens[index - 1].bytes, tokens[index].bytes).prefix { $0 == $1 }.count
        }
        self.common = common
        plainCharacters = tokens.map { Self.plainCharacters(of: $0.bytes) }
        var order = [Int](repeating: -1, count: vocabularySize)
        for (index, token) in tokens.enumerated() { order[Int(token.id)] = index }
        self.order = order
        longest = tokens.map(\.bytes.count).max() ?? 0
    }

    /// The bytes of the token at a place of the order.
    subscript(index: Int) -> ArraySlice<UInt8> { bytes[starts[index]..<starts[index + 1]] }

    /// The bytes of a token.
    func bytes(of id: Int32) -> ArraySlice<UInt8> {
        guard order.indices.contains(Int(id)), order[Int(id)] >= 0 else { return [] }
        return self[order[Int(id)]]
    }

    private static func plainCharacters(of bytes: [UInt8]) -> Int {
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }),
            let text = String(validating: bytes, as: UTF8.self)
        else { return 0 }
        return text.unicodeScalars.count
    }
}
