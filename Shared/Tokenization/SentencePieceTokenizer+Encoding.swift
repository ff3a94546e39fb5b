// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SentencePieceTokenizer {
    public func append(utf8 text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        guard !text.isEmpty else { return }
        UTF8Repair.withValid(text) { appendValid($0, to: &ids) }
    }

    // Control pieces are never made from text here.
    public func append(untrusted text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        append(utf8: text, to: &ids)
    }

    private func appendValid(_ text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        let start = ids.count
        pool.withWorkspace { workspace in
            if userDefined == nil, !model.normalization.removeExtraWhitespaces {
                appendWords(text, prefix: model.normalization.addDummyPrefix, from: start, to: &ids, workspace)
                return
            }
            let normalized = normalize(text)
            normalized.withUnsafeBufferPointer { appendAroundUserDefined($0, from: start, to: &ids, workspace) }
        }
    }

    /// The text as the library's normaliser makes it, with every space as U+2581.
    private func normalize(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var rest = text[...]
        let removes = model.normalization.removeExtraWhitespaces
        if removes { rest = rest.drop { $0 == 0x20 } }
        guard !rest.isEmpty else { return [] }
        var bytes: [UInt8] = model.normalization.addDummyPrefix ? SymbolTable.space : []
        var isAfterSpace = removes
        for byte in rest {
            if byte == 0x20 {
                if !isAfterSpace { bytes.append(contentsOf: SymbolTable.space) }
                isAfterSpace = removes
            } else {
                bytes.append(byte)
                isAfterSpace = false
            }
        }
        if removes { while bytes.suffix(3).elementsEqual(SymbolTable.space) { bytes.removeLast(3) } }
        return bytes
    }

    private func appendAroundUserDefined(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, to ids: inout [TokenID], _ workspace: MergeWorkspace
    ) {
        var plainStart = 0
        var index = 0
        while index < text.count {
            guard let (id, length) = userDefined?.match(text, at: index) else {
                index += SymbolTable.scalar(text, at: index).length
                continue
            }
            let plain = UnsafeBufferPointer(rebasing: text[plainStart..<index])
            appendWords(plain, prefix: false, from: start, to: &ids, workspace)
            ids.append(id)
            index += length
            plainStart = index
        }
        let plain = UnsafeBufferPointer(rebasing: text[plainStart...])
        appendWords(plain, prefix: false, from: start, to: &ids, workspace)
    }

    /// Cuts text before each run of spaces and encodes the parts on their own.
    ///
    /// That is exact because no piece of such a model has a space after another character, so no merge can cross a
    /// cut; a model that has one is given its text uncut.
    private func appendWords(
        _ text: UnsafeBufferPointer<UInt8>, prefix: Bool, from start: Int, to ids: inout [TokenID],
        _ workspace: MergeWorkspace
    ) {
        var index = 0
        if prefix {
            let end = wordEnd(text, 0)
            workspace.prefixed.removeAll(keepingCapacity: true)
            workspace.prefixed.append(0x20)
            workspace.prefixed.append(contentsOf: text[..<end])
            let first = workspace.prefixed
            first.withUnsafeBufferPointer { appendWord($0, 0, $0.count, from: start, to: &ids, workspace) }
            index = end
        }
        while index < text.count {
            let end = wordEnd(text, index)
            appendWord(text, index, end, from: start, to: &ids, workspace)
            index = end
        }
    }

    /// The end of the word that begins at `index`: spaces, then no spaces.
    @inline(__always)
    private func wordEnd(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int {
        guard !merger.table.hasInnerSpaces else { return text.count }
        var end = index
        while end < text.count, let length = spaceLength(text, end) { end += length }
        while end < text.count {
            let byte = text[end]
            if byte == 0x20 || (byte == 0xE2 && spaceLength(text, end) != nil) { break }
            end += 1
        }
        return end
    }

    @inline(__always)
    private func spaceLength(_ text: UnsafeBufferPointer<UInt8>, _ index: Int) -> Int? {
        if text[index] == 0x20 { return 1 }
        guard text[index] == 0xE2, text.count - index >= 3, text[index + 1] == 0x96, text[index + 2] == 0x81
        else { return nil }
        return 3
    }

    @inline(__always)
    private func appendWord(
        _ text: UnsafeBufferPointer<UInt8>, _ begin: Int, _ end: Int, from start: Int, to ids: inout [TokenID],
        _ workspace: MergeWorkspace
    ) {
        workspace.withIDs(of: text, begin, end) {
            merger.encode($0, &$1)
        } use: {
            appendWordIDs($0, from: start, to: &ids)
        }
    }

    /// Without byte fallback a run of unknown characters is one id, also where words meet.
    @inline(__always)
    private func appendWordIDs(_ word: some Collection<TokenID>, from start: Int, to ids: inout [TokenID]) {
        if merger.byteIDs == nil, word.first == merger.unknown, ids.count > start, ids.last == merger.unknown {
            ids.append(contentsOf: word.dropFirst())
        } else {
            ids.append(contentsOf: word)
        }
    }
}
