// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The contents of a SentencePiece `tokenizer.model`: the pieces in id order, and how text is prepared for them.
///
/// The format is `ModelProto` of google/sentencepiece, `src/sentencepiece_model.proto`.
public struct SentencePieceModel: Sendable, Equatable {
    /// What a piece is for.
    public enum Kind: Int, Sendable {
        /// A part of text.
        case normal = 1
        /// Stands for what the vocabulary cannot spell; there is exactly one.
        case unknown = 2
        /// A mark such as `<s>`; never made from text, and without text of its own.
        case control = 3
        /// A part of text that is always kept whole.
        case userDefined = 4
        /// Left out of segmentation.
        case unused = 5
        /// `<0x00>` to `<0xFF>`: a byte of a character that has no piece.
        case byte = 6
    }

    /// One entry of the vocabulary.
    public struct Piece: Sendable, Equatable {
        /// UTF-8; a space is U+2581.
        public var bytes: [UInt8]
        /// Merges of a higher score come first.
        public var score: Float
        /// What it is for.
        public var kind: Kind

        /// Makes an entry.
        public init(bytes: [UInt8], score: Float, kind: Kind) {
            self.bytes = bytes
            self.score = score
            self.kind = kind
        }
    }

    /// How the model was trained, as far as encoding and other tools look at it.
    public struct Training: Sendable, Equatable {
        /// `model_type`: 1 unigram, 2 BPE.
        var modelType = 1
        var characterCoverage: Float = 0.9995
        var splitDigits = false
        var allowWhitespaceOnlyPieces = false
        var treatWhitespaceAsSuffix = false
        var maximumPieceLength = 16
        var byteFallback = false
        var unknownID = 0
        var beginID = 1
        var endID = 2
        var paddingID = -1
        var unknownSurface: [UInt8] = Array(" \u{2047} ".utf8)
        var unknownPiece: [UInt8] = Array("<unk>".utf8)
        var beginPiece: [UInt8] = Array("<s>".utf8)
        var endPiece: [UInt8] = Array("</s>".utf8)
    }

    /// How text is prepared before it is cut.
    public struct Normalization: Sendable, Equatable {
        var name: [UInt8] = []
        var characterMap: [UInt8] = []
        var addDummyPrefix = true
        var removeExtraWhitespaces = true
        var escapeWhitespaces = true
    }

    /// The vocabulary, in id order.
    public var pieces: [Piece]
    /// How the model was trained.
    public var training: Training
    /// How text is prepared.
    public var normalization: Normalization
}
