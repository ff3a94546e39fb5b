// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Trains a BPE vocabulary with byte fallback, with the settings of LLaMA-2's `tokenizer.model`.
///
/// The identity normaliser, a dummy prefix, extra spaces kept, digits apart, pieces within a word and a script, at
/// most 16 characters long. The pieces are `<unk>`, `<s>`, `</s>`, the 256 bytes, the merges in the order they were
/// found, and the characters by frequency: what the `sentencepiece` library (0.2, `bpe_model_trainer.cc`) finds too.
/// Each line is a sentence of its own, so a line feed is never part of a piece. The same text gives the same model,
/// in whatever order it comes.
public struct SentencePieceTrainer: Sendable {
    /// What can be chosen.
    public struct Options: Sendable, Equatable {
        /// How many pieces the vocabulary has, the special ones and bytes included.
        public var vocabularySize: Int
        /// The share of the text's characters that get a piece of their own; the rest is spelt in bytes.
        public var characterCoverage: Double
        /// Whether what has no piece is spelt in bytes; without it, it becomes `<unk>`.
        public var byteFallback: Bool
        /// No piece has more characters than this.
        public var maximumPieceLength: Int

        /// LLaMA-2's settings but for the size.
        public init(
            vocabularySize: Int, characterCoverage: Double = 0.9995, byteFallback: Bool = true,
            maximumPieceLength: Int = 16
        ) {
            self.vocabularySize = vocabularySize
            self.characterCoverage = characterCoverage
            self.byteFallback = byteFallback
            self.maximumPieceLength = maximumPieceLength
        }
    }

    let options: Options
    private var words = WordCounts()

    /// A trainer that has seen no text yet.
    public init(_ options: Options) { self.options = options }

    /// Takes in a text.
    public mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { words.add($0) }
    }

    /// Takes in UTF-8 bytes; `source` names them in the error for bytes that are not UTF-8.
    public mutating func add(utf8 bytes: UnsafeBufferPointer<UInt8>, source: String) throws {
        if let offset = UTF8Repair.firstInvalidByte(bytes) {
            throw TokenizationError(
                .invalidUTF8, source, "byte \(offset) is not valid UTF-8; convert the file to UTF-8")
        }
        words.add(bytes)
    }

    /// Takes in a whole file of text.
    public mutating func add(file path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TokenizationError(.file, path, "cannot be read; check the path and its permissions")
        }
        try Array(data).withUnsafeBufferPointer { try add(utf8: $0, source: path) }
    }

    /// Learns the vocabulary.
    ///
    /// `progress` is told the merges found and wanted, now and then; it may throw to stop. Throws `emptyCorpus` without
    /// text, `vocabularySize` if the characters alone do not fit or the text has too few pairs to merge.
    public func train(progress: ((_ done: Int, _ total: Int) throws -> Void)? = nil) throws -> SentencePieceModel {
        guard !words.isEmpty else {
            throw TokenizationError(.emptyCorpus, "tokenizer training", "the corpus has no text; add documents")
        }
        let special = 3 + (options.byteFallback ? 256 : 0)
        let characters = words.coveredCharacters(share: options.characterCoverage)
        let wanted = options.vocabularySize - special - characters.count
        guard wanted >= 0, options.vocabularySize <= SentencePieceModel.largestVocabulary else {
            throw TokenizationError(
                .vocabularySize, "vocabularySize",
                "\(options.vocabularySize) has no room for \(special) special pieces and \(characters.count) characters;"
                    + " ask for \(special + characters.count) to \(SentencePieceModel.largestVocabulary), or lower"
                    + " characterCoverage")
        }
        var merger = MergeTrainer(words, characters: characters, maximumPieceLength: options.maximumPieceLength)
        var found: [[UInt8]] = []
        while found.count < wanted {
            if found.count % 256 == 0 { try progress?(found.count, wanted) }
            guard let piece = merger.nextPiece() else {
                throw TokenizationError(
                    .vocabularySize, "vocabularySize",
                    "\(options.vocabularySize) is more than this corpus gives; ask for at most"
                        + " \(special + found.count + characters.count), or add text")
            }
            found.append(piece)
        }
        try progress?(wanted, wanted)
        return model(found + characters.map { Array(String(Character(Unicode.Scalar($0) ?? "\u{FFFD}")).utf8) })
    }

    private func model(_ found: [[UInt8]]) -> SentencePieceModel {
        var training = SentencePieceModel.Training()
        training.modelType = 2
        training.characterCoverage = Float(options.characterCoverage)
        training.splitDigits = true
        training.allowWhitespaceOnlyPieces = true
        training.byteFallback = options.byteFallback
        training.maximumPieceLength = options.maximumPieceLength
        var pieces = [
            SentencePieceModel.Piece(bytes: training.unknownPiece, score: 0, kind: .unknown),
            SentencePieceModel.Piece(bytes: training.beginPiece, score: 0, kind: .control),
            SentencePieceModel.Piece(bytes: training.endPiece, score: 0, kind: .control),
        ]
        if options.byteFallback {
            let digits = Array("0123456789ABCDEF".utf8)
            for byte in 0..<256 {
                let name = Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
                pieces.append(SentencePieceModel.Piece(bytes: name, score: 0, kind: .byte))
            }
        }
        for (number, bytes) in found.enumerated() {
            pieces.append(SentencePieceModel.Piece(bytes: bytes, score: -Float(number), kind: .normal))
        }
        let normalization = SentencePieceModel.Normalization(
            name: Array("identity".utf8), addDummyPrefix: true, removeExtraWhitespaces: false, escapeWhitespaces: true)
        return SentencePieceModel(pieces: pieces, training: training, normalization: normalization)
    }
}
