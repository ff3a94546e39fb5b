// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The text each piece stands for, and the rules for putting texts together (sentencepiece's `Decode`).
struct PieceSurfaces: Sendable {
    private enum Surface: Sendable {
        case text([UInt8])
        case unknown([UInt8])
        case byte(UInt8)
    }
    private let surfaces: [Surface]
    private let dropsLeadingSpace: Bool
    private let dropsAllLeadingSpaces: Bool

    init(_ model: SentencePieceModel) {
        surfaces = model.pieces.map { piece in
            switch piece.kind {
            case .control: return .text([])
            case .unknown: return .unknown(model.training.unknownSurface)
            case .byte: return CheckedVocabulary.byte(piece.bytes).map { .byte($0) } ?? .text(piece.bytes)
            case .normal, .userDefined, .unused: return .text(Self.withSpaces(piece.bytes))
            }
        }
        dropsAllLeadingSpaces = model.normalization.removeExtraWhitespaces
        dropsLeadingSpace = model.normalization.addDummyPrefix || dropsAllLeadingSpaces
    }

    func appendBytes(of id: TokenID, to bytes: inout [UInt8]) {
        guard surfaces.indices.contains(Int(id)) else { return }
        switch surfaces[Int(id)] {
        case .byte(let byte): bytes.append(byte)
        case .text(let text), .unknown(let text): bytes.append(contentsOf: text)
        }
    }

    /// Takes one id: definite text goes to `state.ready`.
    func step(_ id: TokenID, _ state: inout StreamingDecoder.State) {
        let surface = surfaces.indices.contains(Int(id)) ? surfaces[Int(id)] : .unknown(UTF8Repair.replacement)
        switch surface {
        case .byte(let byte):
            state.pending.append(byte)
            state.isAtStart = false
            UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: false)
        // The leading space of the unknown piece's surface is no dummy prefix.
        case .unknown(let text):
            UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: true)
            state.ready.append(contentsOf: text)
            state.isAtStart = state.isAtStart && text.isEmpty
        case .text(let text):
            UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: true)
            guard state.isAtStart, dropsLeadingSpace, text.first == 0x20 else {
                if !text.isEmpty { state.isAtStart = false }
                state.ready.append(contentsOf: text)
                return
            }
            let rest = text.dropFirst()
            state.ready.append(contentsOf: rest)
            state.isAtStart = dropsAllLeadingSpaces && rest.isEmpty
        }
    }

    private static func withSpaces(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: SymbolTable.space) {
                text.append(0x20)
                index += 3
            } else {
                text.append(bytes[index])
                index += 1
            }
        }
        return text
    }
}
