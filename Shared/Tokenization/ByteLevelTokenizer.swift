// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// The tokenizer of a byte-level BPE `tokenizer.json`, such as LLaMA-3's.
///
/// Ids, pieces and decoded text equal those of the Hugging Face `tokenizers` library 0.23. What it does not do (other
/// models, normalizers, splitting patterns than LLaMA-3's and GPT-2's) is refused by name when the file is loaded.
public struct ByteLevelTokenizer: Tokenizer {
    public var vocabularySize: Int { vocabulary.pieces.count }
    public internal(set) var beginOfSequence: TokenID?
    public internal(set) var endOfSequence: TokenID?
    public var unknown: TokenID? { nil }
    public internal(set) var addsBOSByDefault: Bool
    public internal(set) var addsEOSByDefault: Bool
    public let digest: String

    let vocabulary: ByteLevelVocabulary
    let pattern: SplitPattern
    /// Bytes to ids, where whole words are looked up before they are merged.
    let words: PieceTable?
    /// Added tokens as they are looked for in text, one group after the other: all of them, and without controls.
    let added: [WholePieces]
    let ordinaryAdded: [WholePieces]
    /// Control tokens as they are written.
    private let controls: PieceTable
    let pool = WorkspacePool()

    /// Names that begin and end a sequence where no setting says so.
    private static let knownBegins = ["<|begin_of_text|>", "<|endoftext|>"]
    private static let knownEnds = ["<|end_of_text|>", "<|endoftext|>"]

    /// Loads the tokenizer.json in a file.
    public init(file path: String) throws {
        try self.init(bytes: TokenizerFile.read(path), name: path)
    }

    /// Loads the tokenizer.json in these bytes; `name` is the file's name for errors.
    public init(bytes: [UInt8], name: String = "tokenizer.json") throws {
        let document = try TokenizerDocument(bytes: bytes, name: name)
        let vocabulary = try ByteLevelVocabulary(document, name: name)
        self.vocabulary = vocabulary
        pattern = document.pattern
        digest = SHA256.digest(of: bytes)
        words = document.ignoresMerges ? Self.words(document.vocabulary) : nil
        let groups = [false, true].map { isNormalized in
            document.addedTokens.filter { $0.isNormalized == isNormalized }
        }
        added = groups.compactMap { WholePieces($0.map { ($0.content, TokenID($0.id)) }) }
        ordinaryAdded = groups.compactMap { group in
            WholePieces(group.filter { !$0.isSpecial }.map { ($0.content, TokenID($0.id)) })
        }
        var controls = PieceTable(minimumCapacity: document.addedTokens.count)
        for token in document.addedTokens where token.isSpecial {
            _ = controls.insert(token.content, TokenID(token.id))
        }
        self.controls = controls
        func control(_ piece: [UInt8]) throws -> TokenID {
            let id = controls.find(piece)
            guard id >= 0 else {
                throw TokenizationError(.malformed, name, "its post_processor names a token that is not special")
            }
            return id
        }
        let (before, after) = document.template
        guard before.count <= 1, after.count <= 1 else {
            throw TokenizationError(
                .unsupported, name, "puts several special tokens before or after a text; one of each is read")
        }
        let begin = try before.first.map(control), end = try after.first.map(control)
        addsBOSByDefault = begin != nil
        addsEOSByDefault = end != nil
        func known(_ names: [String]) -> TokenID? {
            names.lazy.map { controls.find(Array($0.utf8)) }.first { $0 >= 0 }
        }
        beginOfSequence = begin ?? known(Self.knownBegins)
        endOfSequence = end ?? known(Self.knownEnds)
    }

    /// Takes what a tokenizer_config.json says over what was found in the file.
    mutating func apply(_ settings: TokenizerSettings, name: String) throws {
        func control(_ text: String) throws -> TokenID {
            guard let id = id(ofControl: text) else {
                throw TokenizationError(
                    .malformed, name, "has no special token that tokenizer_config.json names; copy both files again")
            }
            return id
        }
        if let begin = settings.begin { beginOfSequence = try control(begin) }
        if let end = settings.end { endOfSequence = try control(end) }
        if beginOfSequence != nil, let adds = settings.addsBOS { addsBOSByDefault = adds }
        if endOfSequence != nil, let adds = settings.addsEOS { addsEOSByDefault = adds }
    }

    public func piece(_ id: TokenID) -> String? {
        guard vocabulary.pieces.indices.contains(Int(id)) else { return nil }
        return vocabulary.pieces[Int(id)].map { String(decoding: $0, as: UTF8.self) }
    }

    public func id(ofControl text: String) -> TokenID? {
        let id = controls.find(Array(text.utf8))
        return id < 0 ? nil : id
    }

    private static func words(_ vocabulary: PieceTable) -> PieceTable {
        var words = PieceTable(minimumCapacity: vocabulary.count)
        for entry in 0..<vocabulary.count {
            guard let bytes = ByteAlphabet.bytes(of: vocabulary.bytes(ofEntry: entry)) else { continue }
            _ = words.insert(bytes, vocabulary.find(entry: entry))
        }
        return words
    }
}
