// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The checked vocabulary and merges of a byte-level tokenizer, as numbers.
struct ByteLevelVocabulary: Sendable {
    /// How each token is written, by id; nil for ids that the file leaves out.
    let pieces: [[UInt8]?]
    /// The bytes each token stands for, by id.
    let surfaces: [[UInt8]]
    /// Whether a token is a control token, by id.
    let isControl: [Bool]
    /// The tokens of the 256 bytes.
    let bytes: [TokenID]
    /// The number of a pair's merge: its rank.
    private let pairs: PairTable
    /// What each merge makes, by rank.
    private let results: [TokenID]

    init(_ document: TokenizerDocument, name: String) throws {
        func malformed(_ what: String) -> TokenizationError { TokenizationError(.malformed, name, what) }
        let vocabulary = document.vocabulary
        var largest = -1
        for entry in 0..<vocabulary.count { largest = max(largest, Int(vocabulary.find(entry: entry))) }
        for token in document.addedTokens { largest = max(largest, token.id) }
        // A hostile file of a few bytes must not make millions of empty pieces.
        guard largest < 2 * (vocabulary.count + document.addedTokens.count) + 1024 else {
            throw malformed("its largest id is \(largest), far beyond the number of its tokens")
        }
        var pieces = [[UInt8]?](repeating: nil, count: largest + 1)
        for entry in 0..<vocabulary.count {
            let id = Int(vocabulary.find(entry: entry))
            guard pieces[id] == nil else { throw malformed("two pieces have the id \(id)") }
            pieces[id] = vocabulary.bytes(ofEntry: entry)
        }
        var surfaces = pieces.map { piece in piece.map { ByteAlphabet.bytes(of: $0) ?? $0 } ?? [] }
        var isControl = [Bool](repeating: false, count: pieces.count)
        for token in document.addedTokens {
            let own = vocabulary.find(token.content)
            guard own == token.id || (own < 0 && pieces[token.id] == nil) else {
                throw malformed("the added token \(token.id) has another id in vocab, or another's")
            }
            pieces[token.id] = token.content
            surfaces[token.id] = ByteAlphabet.bytes(of: token.content) ?? token.content
            isControl[token.id] = token.isSpecial
        }
        bytes = try ByteAlphabet.characters.enumerated().map { byte, character in
            let id = vocabulary.find(Array(String(character).utf8))
            guard id >= 0 else {
                throw TokenizationError(
                    .unsupported, name, "has no piece for the byte \(byte); a byte-level vocabulary has all 256")
            }
            return id
        }
        var pairs = PairTable(minimumCapacity: document.merges.count)
        for (rank, merge) in document.merges.enumerated() {
            pairs.insert(PairTable.key(merge.left, merge.right), Int32(rank))
        }
        self.pairs = pairs
        results = document.merges.map(\.result)
        self.pieces = pieces
        self.surfaces = surfaces
        self.isControl = isControl
    }
}

extension ByteLevelVocabulary: MergeRules {
    @inline(__always)
    func merge(_ left: Int32, _ right: Int32) -> Int32 { pairs.find(PairTable.key(left, right)) }

    @inline(__always)
    func rank(of merge: Int32) -> Int32 { merge }

    @inline(__always)
    func symbol(of merge: Int32) -> Int32 { results[Int(merge)] }
}
