// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Byte-pair merging of one stretch of text: the pair of the highest score first, the leftmost among equals, until no
/// neighbours make a piece (Sennrich et al. 2016, as sentencepiece's `bpe_model.cc` does it).
struct PairMerger: Sendable {
    /// Stretches of up to this many characters are merged by scanning, longer ones with a heap.
    static let longestScan = 40

    let table: SymbolTable
    /// Ids of the byte pieces, or nil: then unknown characters are ``unknown``, one for a run.
    let byteIDs: [TokenID]?
    let unknown: TokenID

    /// Puts the ids of `text` (valid UTF-8, in which ' ' and U+2581 are the same) into `workspace.ids`.
    func encode(_ text: UnsafeBufferPointer<UInt8>, _ workspace: MergeWorkspace, scanLimit: Int = longestScan) {
        workspace.symbols.removeAll(keepingCapacity: true)
        workspace.starts.removeAll(keepingCapacity: true)
        var index = 0
        while index < text.count {
            var (scalar, length) = SymbolTable.scalar(text, at: index)
            if scalar == 0x20 { scalar = SymbolTable.spaceScalar }
            workspace.symbols.append(table.symbol(scalar))
            workspace.starts.append(Int32(index))
            index += length
        }
        if workspace.symbols.count <= scanLimit { mergeByScan(workspace) } else { mergeByHeap(workspace) }
        write(text, workspace)
    }

    /// The symbol two neighbours merge into, or −1.
    @inline(__always)
    private func merge(_ left: Int32, _ right: Int32) -> Int32 {
        left < 0 || right < 0 ? -1 : table.merges.find(PairTable.key(left, right))
    }

    private func mergeByScan(_ workspace: MergeWorkspace) {
        var count = workspace.symbols.count
        workspace.merged.removeAll(keepingCapacity: true)
        for i in 0..<count {
            workspace.merged.append(i + 1 < count ? merge(workspace.symbols[i], workspace.symbols[i + 1]) : -1)
        }
        workspace.symbols.withUnsafeMutableBufferPointer { symbols in
            workspace.starts.withUnsafeMutableBufferPointer { starts in
                workspace.merged.withUnsafeMutableBufferPointer { merged in
                    while true {
                        var best = -1
                        var bestRank = Int32.max
                        for i in 0..<max(count - 1, 0) where merged[i] >= 0 {
                            let rank = table.ranks[Int(merged[i])]
                            if rank < bestRank { (best, bestRank) = (i, rank) }
                        }
                        guard best >= 0 else { break }
                        symbols[best] = merged[best]
                        count -= 1
                        for i in best + 1..<max(count, best + 1) {
                            symbols[i] = symbols[i + 1]
                            starts[i] = starts[i + 1]
                            merged[i] = merged[i + 1]
                        }
                        merged[best] = best + 1 < count ? merge(symbols[best], symbols[best + 1]) : -1
                        if best > 0 { merged[best - 1] = merge(symbols[best - 1], symbols[best]) }
                    }
                }
            }
        }
        workspace.symbols.removeLast(workspace.symbols.count - count)
        workspace.starts.removeLast(workspace.starts.count - count)
    }

    private func mergeByHeap(_ workspace: MergeWorkspace) {
        let count = workspace.symbols.count
        workspace.merged = [Int32](repeating: -1, count: count)
        workspace.previous = (0..<count).map { Int32($0) - 1 }
        workspace.following = (0..<count).map { $0 + 1 < count ? Int32($0) + 1 : -1 }
        workspace.heap.removeAll()
        func consider(_ left: Int) {
            guard left >= 0 else { return }
            let right = Int(workspace.following[left])
            let symbol = right < 0 ? -1 : merge(workspace.symbols[left], workspace.symbols[right])
            workspace.merged[left] = symbol
            if symbol >= 0 { workspace.heap.push(rank: table.ranks[Int(symbol)], position: left) }
        }
        for left in 0..<count { consider(left) }
        while let (rank, left) = workspace.heap.pop() {
            // An entry is stale unless the pair that is there now has its rank; a symbol merged away has no pair.
            let symbol = workspace.merged[left]
            guard symbol >= 0, table.ranks[Int(symbol)] == rank else { continue }
            let right = Int(workspace.following[left])
            let next = workspace.following[right]
            workspace.symbols[left] = symbol
            workspace.merged[right] = -1
            workspace.starts[right] = -1
            workspace.following[left] = next
            if next >= 0 { workspace.previous[Int(next)] = Int32(left) }
            consider(left)
            consider(Int(workspace.previous[left]))
        }
        var kept = 0
        for i in 0..<count where workspace.starts[i] >= 0 {
            workspace.symbols[kept] = workspace.symbols[i]
            workspace.starts[kept] = workspace.starts[i]
            kept += 1
        }
        workspace.symbols.removeLast(count - kept)
        workspace.starts.removeLast(count - kept)
    }

    private func write(_ text: UnsafeBufferPointer<UInt8>, _ workspace: MergeWorkspace) {
        workspace.ids.removeAll(keepingCapacity: true)
        for (i, symbol) in workspace.symbols.enumerated() {
            let output = symbol < 0 ? -1 : table.outputs[Int(symbol)]
            if output >= 0 {
                workspace.ids.append(output)
            } else if let byteIDs {
                let start = Int(workspace.starts[i])
                // Only a single character can be without a piece. A space is written as U+2581.
                if text[start] == 0x20 {
                    for byte in SymbolTable.space { workspace.ids.append(byteIDs[Int(byte)]) }
                } else {
                    let length = SymbolTable.scalar(text, at: start).length
                    for byte in text[start..<start + length] { workspace.ids.append(byteIDs[Int(byte)]) }
                }
            } else if workspace.ids.last != unknown {
                workspace.ids.append(unknown)
            }
        }
    }
}
