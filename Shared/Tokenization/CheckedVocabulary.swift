// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The checks a model has to pass before it is used, and the ids found on the way.
struct CheckedVocabulary {
    let unknown: TokenID
    /// The ids of bytes 0 to 255, or nil without byte fallback.
    let byteIDs: [TokenID]?
    private var controls = PieceTable(minimumCapacity: 8)

    init(_ model: SentencePieceModel, name: String) throws {
        try Self.checkSettings(model, name)
        var unknown: TokenID?
        var byteIDs = [TokenID](repeating: -1, count: 256)
        var byteCount = 0
        var seen = PieceTable(minimumCapacity: model.pieces.count)
        for (id, piece) in model.pieces.enumerated() {
            if let other = seen.insert(piece.bytes, Int32(id)) {
                throw TokenizationError(.malformed, name, "pieces \(other) and \(id) are the same; remove one")
            }
            switch piece.kind {
            case .normal, .userDefined: break
            case .unused:
                throw TokenizationError(
                    .unsupported, name, "piece \(id) is unused, a kind this program cannot encode; use the full model")
            case .control: _ = controls.insert(piece.bytes, Int32(id))
            case .unknown:
                guard unknown == nil else {
                    throw TokenizationError(.malformed, name, "piece \(id) is a second unknown piece; keep one")
                }
                unknown = TokenID(id)
            case .byte:
                guard model.training.byteFallback, let byte = Self.byte(piece.bytes) else {
                    throw TokenizationError(
                        .malformed, name, "piece \(id) is a byte piece without byte fallback, or not <0x00> to <0xFF>")
                }
                byteIDs[Int(byte)] = TokenID(id)
                byteCount += 1
            }
        }
        guard let unknown else {
            throw TokenizationError(.malformed, name, "has no unknown piece; it must have exactly one")
        }
        guard !model.training.byteFallback || byteCount == 256 else {
            throw TokenizationError(
                .malformed, name, "has byte fallback but \(byteCount) byte pieces; all of <0x00> to <0xFF> are needed")
        }
        self.unknown = unknown
        self.byteIDs = model.training.byteFallback ? byteIDs : nil
    }

    /// The id of a control piece.
    func control(_ piece: [UInt8]) -> TokenID? {
        let id = controls.find(piece)
        return id < 0 ? nil : id
    }

    private static func checkSettings(_ model: SentencePieceModel, _ name: String) throws {
        func unsupported(_ what: String) -> TokenizationError { TokenizationError(.unsupported, name, what) }
        guard model.training.modelType == 2 else {
            let kinds = [1: "unigram", 3: "word", 4: "char"]
            throw unsupported(
                "is a \(kinds[model.training.modelType] ?? "different") model; only BPE models can be used")
        }
        guard model.normalization.characterMap.isEmpty else {
            throw unsupported("normalises text by a table of its own; only the identity normaliser can be used")
        }
        guard model.normalization.escapeWhitespaces, !model.training.treatWhitespaceAsSuffix else {
            throw unsupported("keeps spaces unescaped or as suffixes; only spaces as U+2581 prefixes can be used")
        }
    }

    /// The byte that `<0xNN>` names.
    static func byte(_ piece: [UInt8]) -> UInt8? {
        guard piece.count == 6, piece.starts(with: Array("<0x".utf8)), piece[5] == UInt8(ascii: ">") else { return nil }
        func digit(_ character: UInt8) -> UInt8? {
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
            case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard let high = digit(piece[3]), let low = digit(piece[4]) else { return nil }
        return high << 4 | low
    }
}
