// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files

extension SentencePieceModel {
    /// The bytes of a `tokenizer.model` that the `sentencepiece` library loads.
    public var bytes: [UInt8] {
        var model = ProtobufWriter()
        for piece in pieces {
            var entry = ProtobufWriter()
            entry.data(1, piece.bytes)
            entry.float(2, piece.score)
            if piece.kind != .normal { entry.integer(3, piece.kind.rawValue) }
            model.data(1, entry.bytes)
        }
        model.data(2, trainingMessage.bytes)
        var normalizer = ProtobufWriter()
        normalizer.data(1, normalization.name)
        normalizer.data(2, normalization.characterMap)
        normalizer.flag(3, normalization.addDummyPrefix)
        normalizer.flag(4, normalization.removeExtraWhitespaces)
        normalizer.flag(5, normalization.escapeWhitespaces)
        model.data(3, normalizer.bytes)
        return model.bytes
    }

    /// Writes the model to `path`, all or nothing.
    public func write(to path: String) throws { try PublishedFile.write(bytes, to: path) }

    private var trainingMessage: ProtobufWriter {
        var message = ProtobufWriter()
        message.integer(3, training.modelType)
        message.integer(4, pieces.count)
        message.float(10, training.characterCoverage)
        message.integer(20, training.maximumPieceLength)
        message.flag(24, training.treatWhitespaceAsSuffix)
        message.flag(25, training.splitDigits)
        message.flag(26, training.allowWhitespaceOnlyPieces)
        message.flag(35, training.byteFallback)
        message.integer(40, training.unknownID)
        message.integer(41, training.beginID)
        message.integer(42, training.endID)
        message.integer(43, training.paddingID)
        message.data(44, training.unknownSurface)
        message.data(45, training.unknownPiece)
        message.data(46, training.beginPiece)
        message.data(47, training.endPiece)
        return message
    }
}
