// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SentencePieceTokenizer {
    /// The text of these ids: one leading space is dropped, control pieces are silent, each byte that is no part of a
    /// character and each id outside the vocabulary is U+FFFD.
    public func decode(_ ids: [TokenID]) -> String {
        var state = StreamingDecoder.State()
        for id in ids { surfaces.step(id, &state) }
        UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: true)
        return String(decoding: state.ready, as: UTF8.self)
    }

    public func appendBytes(of id: TokenID, to bytes: inout [UInt8]) { surfaces.appendBytes(of: id, to: &bytes) }

    public func streamingDecoder() -> StreamingDecoder {
        let surfaces = surfaces
        return StreamingDecoder { surfaces.step($0, &$1) }
    }
}
