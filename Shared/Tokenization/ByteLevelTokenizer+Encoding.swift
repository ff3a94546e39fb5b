// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

extension ByteLevelTokenizer {
    public func append(utf8 text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        UTF8Repair.withValid(text) { valid in
            pool.withWorkspace { append(valid, around: added[...], to: &ids, $0) }
        }
    }

    public func append(untrusted text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID]) {
        UTF8Repair.withValid(text) { valid in
            pool.withWorkspace { append(valid, around: ordinaryAdded[...], to: &ids, $0) }
        }
    }

    /// Cuts text at the first group of added tokens, and what is between them at the next.
    private func append(
        _ text: UnsafeBufferPointer<UInt8>, around groups: ArraySlice<WholePieces>, to ids: inout [TokenID],
        _ workspace: MergeWorkspace
    ) {
        guard let group = groups.first else { return appendWords(text, to: &ids, workspace) }
        var start = 0, index = 0
        while index < text.count {
            guard let (id, length) = group.match(text, at: index) else {
                index += 1
                continue
            }
            let plain = UnsafeBufferPointer(rebasing: text[start..<index])
            append(plain, around: groups.dropFirst(), to: &ids, workspace)
            ids.append(id)
            index += length
            start = index
        }
        append(UnsafeBufferPointer(rebasing: text[start...]), around: groups.dropFirst(), to: &ids, workspace)
    }

    private func appendWords(
        _ text: UnsafeBufferPointer<UInt8>, to ids: inout [TokenID], _ workspace: MergeWorkspace
    ) {
        var index = 0
        while index < text.count {
            let end = pattern.wordEnd(text, from: index)
            workspace.withIDs(of: text, index, end) {
                encode(word: $0, &$1)
            } use: {
                ids.append(contentsOf: $0)
            }
            index = end
        }
    }

    /// Puts the ids of a word into `buffers.ids`.
    func encode(
        word: UnsafeBufferPointer<UInt8>, _ buffers: inout MergeBuffers,
        scanLimit: Int = MergeBuffers.longestScan
    ) {
        buffers.ids.removeAll(keepingCapacity: true)
        if let words {
            let id = words.find(word)
            if id >= 0 { return buffers.ids.append(id) }
        }
        buffers.symbols.removeAll(keepingCapacity: true)
        buffers.starts.removeAll(keepingCapacity: true)
        for (place, byte) in word.enumerated() {
            buffers.symbols.append(vocabulary.bytes[Int(byte)])
            buffers.starts.append(Int32(place))
        }
        buffers.merge(by: vocabulary, scanLimit: scanLimit)
        buffers.ids.append(contentsOf: buffers.symbols)
    }
}
