// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension SentencePieceTokenizer {
    public func append(utf8 text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        guard !text.isEmpty else { return }
        if UTF8Repair.firstInvalidByte(text) != nil {
            var bytes = Array(text)
            var repaired: [UInt8] = []
            UTF8Repair.drain(&bytes, into: &repaired, isFinal: true)
            repaired.withUnsafeBufferPointer { appendValid($0, to: &ids) }
        } else {
            appendValid(text, to: &ids)
        }
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
        let length = end - begin
        guard length <= MergeWorkspace.longestKey else {
            merger.encode(UnsafeBufferPointer(rebasing: text[begin..<end]), &workspace.buffers)
            appendWordIDs(workspace.buffers.ids, from: start, to: &ids)
            return
        }
        let key = WordKey(text, begin, length)
        let line = workspace.cache + Int(key.hash & UInt64(MergeWorkspace.lines - 1)) * MergeWorkspace.lineBytes
        if line.load(as: UInt64.self) == key.a, line.load(fromByteOffset: 8, as: UInt64.self) == key.b,
            line.load(fromByteOffset: 16, as: UInt64.self) == key.c
        {
            let count = Int(line.load(fromByteOffset: 24, as: Int32.self))
            let stored = UnsafeBufferPointer(
                start: (line + 28).assumingMemoryBound(to: TokenID.self), count: count)
            appendWordIDs(stored, from: start, to: &ids)
            return
        }
        merger.encode(UnsafeBufferPointer(rebasing: text[begin..<end]), &workspace.buffers)
        appendWordIDs(workspace.buffers.ids, from: start, to: &ids)
        guard workspace.buffers.ids.count <= MergeWorkspace.mostIDs else { return }
        line.storeBytes(of: key.a, as: UInt64.self)
        line.storeBytes(of: key.b, toByteOffset: 8, as: UInt64.self)
        line.storeBytes(of: key.c, toByteOffset: 16, as: UInt64.self)
        line.storeBytes(of: Int32(workspace.buffers.ids.count), toByteOffset: 24, as: Int32.self)
        for (i, id) in workspace.buffers.ids.enumerated() {
            line.storeBytes(of: id, toByteOffset: 28 + 4 * i, as: TokenID.self)
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

/// The bytes of a short word as three numbers: text zero-padded to 22 bytes, then its length.
struct WordKey {
    let a: UInt64
    let b: UInt64
    let c: UInt64
    let hash: UInt64

    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>, _ begin: Int, _ length: Int) {
        let raw = UnsafeRawBufferPointer(text)
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        if begin + 24 <= text.count {
            words.0 = raw.loadUnaligned(fromByteOffset: begin, as: UInt64.self)
            words.1 = raw.loadUnaligned(fromByteOffset: begin + 8, as: UInt64.self)
            words.2 = raw.loadUnaligned(fromByteOffset: begin + 16, as: UInt64.self)
            words.0 &= Self.mask(length)
            words.1 &= Self.mask(length - 8)
            words.2 &= Self.mask(length - 16)
        } else {
            withUnsafeMutableBytes(of: &words) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[begin..<begin + length]))
            }
        }
        a = words.0
        b = words.1
        c = words.2 | UInt64(length) << 56
        let mixed = (a ^ b &* 0x9E37_79B9_7F4A_7C15 ^ c &* 0xC2B2_AE3D_27D4_EB4F) &* 0xFF51_AFD7_ED55_8CCD
        hash = mixed >> 40
    }

    /// Ones for the first `count` bytes of a little-endian word.
    @inline(__always)
    private static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? UInt64.max : count <= 0 ? 0 : (1 << (UInt64(count) * 8)) &- 1
    }
}
