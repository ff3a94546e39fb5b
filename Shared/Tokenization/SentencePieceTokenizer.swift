// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

/// The tokenizer of a SentencePiece BPE model, such as LLaMA-2's `tokenizer.model`.
///
/// Ids, pieces and decoded text equal those of the `sentencepiece` library 0.2. What it does not do (unigram models,
/// normalisation tables, unused pieces, spaces as suffixes) is refused when the model is loaded.
public struct SentencePieceTokenizer: Tokenizer {
    /// The model it was made from.
    public let model: SentencePieceModel
    public let vocabularySize: Int
    public let beginOfSequence: TokenID?
    public let endOfSequence: TokenID?
    public let unknown: TokenID?
    public var addsBOSByDefault: Bool
    public var addsEOSByDefault: Bool
    public let digest: String

    let merger: PairMerger
    let userDefined: WholePieces?
    let surfaces: PieceSurfaces
    let pool = WorkspacePool()

    /// Loads the model in a file.
    public init(file path: String) throws {
        try self.init(bytes: TokenizerFile.read(path), name: path)
    }

    /// Loads the model in these bytes; `name` is the file's name for errors.
    public init(bytes: [UInt8], name: String = "tokenizer.model") throws {
        try self.init(
            model: SentencePieceModel(bytes: bytes, name: name), digest: SHA256.digest(of: bytes), name: name)
    }

    /// Makes a tokenizer of a model that was just trained.
    public init(model: SentencePieceModel) throws {
        try self.init(model: model, digest: SHA256.digest(of: model.bytes), name: "the trained model")
    }

    private init(model: SentencePieceModel, digest: String, name: String) throws {
        let checked = try CheckedVocabulary(model, name: name)
        self.model = model
        self.digest = digest
        vocabularySize = model.pieces.count
        beginOfSequence = checked.control(model.training.beginPiece)
        endOfSequence = checked.control(model.training.endPiece)
        unknown = checked.unknown
        // LLaMA's convention; the model has no such setting. TokenizerFile reads tokenizer_config.json beside it.
        addsBOSByDefault = beginOfSequence != nil
        addsEOSByDefault = false
        merger = PairMerger(table: SymbolTable(model), byteIDs: checked.byteIDs, unknown: checked.unknown)
        userDefined = WholePieces(
            model.pieces.enumerated().filter { $0.element.kind == .userDefined }.map { ($1.bytes, TokenID($0)) })
        surfaces = PieceSurfaces(model)
    }

    public func piece(_ id: TokenID) -> String? {
        guard id >= 0, id < vocabularySize else { return nil }
        return String(decoding: model.pieces[Int(id)].bytes, as: UTF8.self)
    }

    /// The id of a piece, compared byte by byte; slow, for tests and tools.
    public func id(ofPiece piece: String) -> TokenID? {
        let bytes = Array(piece.utf8)
        return model.pieces.firstIndex { $0.bytes == bytes }.map { TokenID($0) }
    }

    public func id(ofControl text: String) -> TokenID? {
        id(ofPiece: text).flatMap { model.pieces[Int($0)].kind == .control ? $0 : nil }
    }
}
