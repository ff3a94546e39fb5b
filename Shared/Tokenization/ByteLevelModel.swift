// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The contents of a byte-level BPE vocabulary, to be written in another format.
public struct ByteLevelModel: Sendable, Equatable {
    /// A token; `userDefined` ones and `control` ones are found in text before it is cut, `unused` ids have none.
    public struct Piece: Sendable, Equatable {
        /// UTF-8, in the byte alphabet for `normal` ones.
        public var bytes: [UInt8]
        /// What it is for.
        public var kind: SentencePieceModel.Kind

        /// Makes a token.
        public init(bytes: [UInt8], kind: SentencePieceModel.Kind) {
            self.bytes = bytes
            self.kind = kind
        }
    }

    /// The tokens, in id order.
    public var pieces: [Piece]
    /// The pieces of each merge, best first.
    public var merges: [[[UInt8]]]
    /// Whether text is cut by LLaMA-3's pattern, and words are looked up whole first; else by GPT-2's, and not.
    public var isLlama3: Bool

    /// Collects the contents.
    public init(pieces: [Piece], merges: [[[UInt8]]], isLlama3: Bool) {
        self.pieces = pieces
        self.merges = merges
        self.isLlama3 = isLlama3
    }

    /// The contents of a tokenizer.json.
    public init(tokenizerJSON bytes: [UInt8], name: String) throws {
        let document = try TokenizerDocument(bytes: bytes, name: name)
        let vocabulary = try ByteLevelVocabulary(document, name: name)
        pieces = vocabulary.pieces.enumerated().map { id, piece in
            piece.map { Piece(bytes: $0, kind: .normal) } ?? Piece(bytes: Array("[UNUSED\(id)]".utf8), kind: .unused)
        }
        for token in document.addedTokens { pieces[token.id].kind = token.isSpecial ? .control : .userDefined }
        merges = document.mergePieces
        isLlama3 = document.pattern == .llama3
    }

    /// The contents as a tokenizer.json that `tokenizers` reads.
    public var tokenizerJSON: [UInt8] {
        var text: [UInt8] = []
        func add(_ string: String) { text += Array(string.utf8) }
        func list(_ items: some Sequence<[UInt8]>) {
            for (place, item) in items.enumerated() {
                if place > 0 { add(",\n") }
                text += item
            }
        }
        add("{\"version\":\"1.0\",\"truncation\":null,\"padding\":null,\"added_tokens\":[\n")
        let plain = ",\"single_word\":false,\"lstrip\":false,\"rstrip\":false,\"normalized\":false,\"special\":"
        let numbered = pieces.enumerated()
        list(
            numbered.filter { $0.element.kind == .control || $0.element.kind == .userDefined }.map { id, piece in
                Array("{\"id\":\(id),\"content\":".utf8) + JSONScanner.quoted(piece.bytes)
                    + Array("\(plain)\(piece.kind == .control)}".utf8)
            })
        let byteLevel = "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"trim_offsets\":true,\"use_regex\":"
        add("],\n\"normalizer\":null,\"pre_tokenizer\":")
        if isLlama3 {
            add("{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":")
            text += JSONScanner.quoted(Array(SplitPattern.llama3.expression.utf8))
            add("},\"behavior\":\"Isolated\",\"invert\":false},\(byteLevel)false}]}")
        } else {
            add(byteLevel + "true}")
        }
        add(",\"post_processor\":null,\"decoder\":\(byteLevel)true},\n\"model\":{\"type\":\"BPE\",\"dropout\":null,")
        add("\"unk_token\":null,\"continuing_subword_prefix\":null,\"end_of_word_suffix\":null,\"fuse_unk\":false,")
        add("\"byte_fallback\":false,\"ignore_merges\":\(isLlama3),\"vocab\":{\n")
        list(
            numbered.filter { $0.element.kind == .normal }.map { id, piece in
                JSONScanner.quoted(piece.bytes) + Array(":\(id)".utf8)
            })
        add("},\"merges\":[\n")
        list(
            merges.map {
                [UInt8(ascii: "[")] + JSONScanner.quoted($0[0]) + [UInt8(ascii: ",")] + JSONScanner.quoted($0[1]) + [
                    0x5D
                ]
            })
        add("]}}\n")
        return text
    }
}
