// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension ByteLevelTokenizer {
    /// The text of these ids: control tokens are silent, what is no character and ids outside the vocabulary are U+FFFD.
    public func decode(_ ids: [TokenID]) -> String { decode(ids, showsControls: false) }

    /// The text of these ids, with control tokens as they are written or silent.
    public func decode(_ ids: [TokenID], showsControls: Bool) -> String {
        var decoder = streamingDecoder(showsControls: showsControls)
        var text = ""
        for id in ids { text += decoder.append(id) }
        return text + decoder.finish()
    }

    public func appendBytes(of id: TokenID, to bytes: inout [UInt8]) {
        let place = Int(id)
        guard vocabulary.surfaces.indices.contains(place), !vocabulary.isControl[place] else { return }
        bytes.append(contentsOf: vocabulary.surfaces[place])
    }

    public func streamingDecoder() -> StreamingDecoder { streamingDecoder(showsControls: false) }

    private func streamingDecoder(showsControls: Bool) -> StreamingDecoder {
        let vocabulary = vocabulary
        return StreamingDecoder(replacing: .maximalSubpart) { id, state in
            let place = Int(id)
            if !vocabulary.surfaces.indices.contains(place) {
                UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: true, replacing: .maximalSubpart)
                state.ready.append(contentsOf: UTF8Repair.replacement)
            } else if showsControls || !vocabulary.isControl[place] {
                state.pending.append(contentsOf: vocabulary.surfaces[place])
                UTF8Repair.drain(&state.pending, into: &state.ready, isFinal: false, replacing: .maximalSubpart)
            }
        }
    }
}
