// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SentencePieceModel {
    /// A BPE model of pieces that another format held, with LLaMA's settings: the text as it is, spaces as U+2581.
    ///
    /// - Parameter addsSpacePrefix: whether a space is put in front of a text.
    public init(
        pieces: [Piece], unknown: TokenID? = nil, begin: TokenID?, end: TokenID?, addsSpacePrefix: Bool = true
    ) {
        self.pieces = pieces
        training = Training()
        normalization = Normalization()
        func piece(_ id: TokenID?) -> [UInt8]? {
            id.flatMap { pieces.indices.contains(Int($0)) ? pieces[Int($0)].bytes : nil }
        }
        training.modelType = 2
        training.byteFallback = pieces.contains { $0.kind == .byte }
        training.unknownID = Int(unknown ?? 0)
        training.beginID = Int(begin ?? -1)
        training.endID = Int(end ?? -1)
        training.unknownPiece = piece(unknown) ?? training.unknownPiece
        training.beginPiece = piece(begin) ?? training.beginPiece
        training.endPiece = piece(end) ?? training.endPiece
        normalization.name = Array("identity".utf8)
        normalization.addDummyPrefix = addsSpacePrefix
        normalization.removeExtraWhitespaces = false
    }

    /// Whether a space is put in front of a text.
    public var addsSpacePrefix: Bool { normalization.addDummyPrefix }
}
