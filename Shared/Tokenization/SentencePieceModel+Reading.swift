// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SentencePieceModel {
    /// Files beyond this size, and vocabularies beyond this many pieces, are refused.
    static let largestFile = 1 << 26
    static let largestVocabulary = 1 << 22
    /// Pieces of more bytes than this are refused: every way to cut a piece in two is looked at.
    static let largestPiece = 512

    /// Reads the bytes of a `tokenizer.model`; `name` is the file's name for errors.
    ///
    /// Throws `malformed` where the bytes are no such message. What the message means is checked by the tokenizer.
    public init(bytes: [UInt8], name: String) throws {
        guard bytes.count <= Self.largestFile else {
            throw TokenizationError(
                .malformed, name, "has \(bytes.count) bytes; a vocabulary has at most \(Self.largestFile)")
        }
        self.init(pieces: [], training: Training(), normalization: Normalization())
        try bytes.withUnsafeBytes { buffer in
            var reader = ProtobufReader(buffer, range: 0..<buffer.count, subject: name)
            while let (field, value) = try reader.next() {
                switch (field, value) {
                case (1, .bytes(let range)):
                    guard pieces.count < Self.largestVocabulary else {
                        throw reader.failure("it has more than \(Self.largestVocabulary) pieces")
                    }
                    pieces.append(try Self.piece(buffer, range, number: pieces.count, name))
                case (2, .bytes(let range)): try readTraining(buffer, range, name)
                case (3, .bytes(let range)): try readNormalization(buffer, range, name)
                case (1...3, _): throw reader.failure("field \(field) is no message")
                default: break
                }
            }
        }
        guard !pieces.isEmpty else {
            throw TokenizationError(
                .malformed, name, "holds no pieces; name a SentencePiece model, usually called tokenizer.model")
        }
    }

    private static func piece(
        _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>, number: Int, _ name: String
    ) throws -> Piece {
        var piece = Piece(bytes: [], score: 0, kind: .normal)
        var reader = ProtobufReader(buffer, range: range, subject: name)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): piece.bytes = Array(buffer[range])
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let value)):
                guard let kind = Kind(rawValue: Int(truncatingIfNeeded: value)) else {
                    throw reader.failure("piece \(number) is of the unknown type \(value)")
                }
                piece.kind = kind
            case (1...3, _): throw reader.failure("field \(field) of piece \(number) has another type")
            default: break
            }
        }
        let isText = piece.bytes.withUnsafeBufferPointer { UTF8Repair.firstInvalidByte($0) == nil }
        guard !piece.bytes.isEmpty, piece.bytes.count <= largestPiece, isText, piece.score.isFinite else {
            throw reader.failure(
                "piece \(number) is empty, longer than \(largestPiece) bytes, not UTF-8, or has no finite score")
        }
        return piece
    }

    private mutating func readTraining(
        _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>, _ name: String
    ) throws {
        var reader = ProtobufReader(buffer, range: range, subject: name)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (3, .varint(let value)): training.modelType = Int(truncatingIfNeeded: value)
            case (10, .fixed32(let bits)): training.characterCoverage = Float(bitPattern: bits)
            case (20, .varint(let value)): training.maximumPieceLength = Int(truncatingIfNeeded: value)
            case (24, .varint(let value)): training.treatWhitespaceAsSuffix = value != 0
            case (25, .varint(let value)): training.splitDigits = value != 0
            case (26, .varint(let value)): training.allowWhitespaceOnlyPieces = value != 0
            case (35, .varint(let value)): training.byteFallback = value != 0
            case (40, .varint(let value)): training.unknownID = Int(Int32(truncatingIfNeeded: value))
            case (41, .varint(let value)): training.beginID = Int(Int32(truncatingIfNeeded: value))
            case (42, .varint(let value)): training.endID = Int(Int32(truncatingIfNeeded: value))
            case (43, .varint(let value)): training.paddingID = Int(Int32(truncatingIfNeeded: value))
            case (44, .bytes(let range)): training.unknownSurface = Array(buffer[range])
            case (45, .bytes(let range)): training.unknownPiece = Array(buffer[range])
            case (46, .bytes(let range)): training.beginPiece = Array(buffer[range])
            case (47, .bytes(let range)): training.endPiece = Array(buffer[range])
            case (3, _), (20, _), (24...26, _), (35, _), (40...47, _):
                throw reader.failure("field \(field) of the trainer's settings has another type")
            default: break
            }
        }
    }

    private mutating func readNormalization(
        _ buffer: UnsafeRawBufferPointer, _ range: Range<Int>, _ name: String
    ) throws {
        var reader = ProtobufReader(buffer, range: range, subject: name)
        while let (field, value) = try reader.next() {
            switch (field, value) {
            case (1, .bytes(let range)): normalization.name = Array(buffer[range])
            case (2, .bytes(let range)): normalization.characterMap = Array(buffer[range])
            case (3, .varint(let value)): normalization.addDummyPrefix = value != 0
            case (4, .varint(let value)): normalization.removeExtraWhitespaces = value != 0
            case (5, .varint(let value)): normalization.escapeWhitespaces = value != 0
            case (1...5, _): throw reader.failure("field \(field) of the normalizer's settings has another type")
            default: break
            }
        }
    }
}
