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

    /// Puts the ids of `text` (valid UTF-8, in which ' ' and U+2581 are the same) into `buffers.ids`.
    func encode(_ text: UnsafeBufferPointer<UInt8>, _ buffers: inout MergeBuffers, scanLimit: Int = longestScan) {
        buffers.symbols.removeAll(keepingCapacity: true)
        buffers.starts.removeAll(keepingCapacity: true)
        var index = 0
        while index < text.count {
            var (scalar, length) = SymbolTable.scalar(text, at: index)
            if scalar == 0x20 { scalar = SymbolTable.spaceScalar }
            buffers.symbols.append(table.symbol(scalar))
            buffers.starts.append(Int32(index))
            index += length
        }
        if buffers.symbols.count <= scanLimit { mergeByScan(&buffers) } else { mergeByHeap(&buffers) }
        write(text, &buffers)
    }

    /// The symbol two neighbours merge into, or −1.
    @inline(__always)
    private func merge(_ left: Int32, _ right: Int32) -> Int32 {
        left < 0 || right < 0 ? -1 : table.merges.find(PairTable.key(left, right))
    }

    private func mergeByScan(_ buffers: inout MergeBuffers) {
        var count = buffers.symbols.count
        buffers.merged.removeAll(keepingCapacity: true)
        for i in 0..<count {
            buffers.merged.append(i + 1 < count ? merge(buffers.symbols[i], buffers.symbols[i + 1]) : -1)
        }
        buffers.symbols.withUnsafeMutableBufferPointer { symbols in
            buffers.starts.withUnsafeMutableBufferPointer { starts in
                buffers.merged.withUnsafeMutableBufferPointer { merged in
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
        buffers.symbols.removeLast(buffers.symbols.count - count)
        buffers.starts.removeLast(buffers.starts.count - count)
    }

    private func mergeByHeap(_ buffers: inout MergeBuffers) {
        let count = buffers.symbols.count
        buffers.merged = [Int32](repeating: -1, count: count)
        buffers.previous = (0..<count).map { Int32($0) - 1 }
        buffers.following = (0..<count).map { $0 + 1 < count ? Int32($0) + 1 : -1 }
        buffers.heap.removeAll()
        func consider(_ left: Int) {
            guard left >= 0 else { return }
            let right = Int(buffers.following[left])
            let symbol = right < 0 ? -1 : merge(buffers.symbols[left], buffers.symbols[right])
            buffers.merged[left] = symbol
            if symbol >= 0 { buffers.heap.push(rank: table.ranks[Int(symbol)], position: left) }
        }
        for left in 0..<count { consider(left) }
        while let (rank, left) = buffers.heap.pop() {
            // An entry is stale unless the pair that is there now has its rank; a symbol merged away has no pair.
            let symbol = buffers.merged[left]
            guard symbol >= 0, table.ranks[Int(symbol)] == rank else { continue }
            let right = Int(buffers.following[left])
            let next = buffers.following[right]
            buffers.symbols[left] = symbol
            buffers.merged[right] = -1
            buffers.starts[right] = -1
            buffers.following[left] = next
            if next >= 0 { buffers.previous[Int(next)] = Int32(left) }
            consider(left)
            consider(Int(buffers.previous[left]))
        }
        var kept = 0
        for i in 0..<count where buffers.starts[i] >= 0 {
            buffers.symbols[kept] = buffers.symbols[i]
            buffers.starts[kept] = buffers.starts[i]
            kept += 1
        }
        buffers.symbols.removeLast(count - kept)
        buffers.starts.removeLast(count - kept)
    }

    private func write(_ text: UnsafeBufferPointer<UInt8>, _ buffers: inout MergeBuffers) {
        buffers.ids.removeAll(keepingCapacity: true)
        for (i, symbol) in buffers.symbols.enumerated() {
            let output = symbol < 0 ? -1 : table.outputs[Int(symbol)]
            if output >= 0 {
                buffers.ids.append(output)
            } else if let byteIDs {
                let start = Int(buffers.starts[i])
                // Only a single character can be without a piece. A space is written as U+2581.
                if text[start] == 0x20 {
                    for byte in SymbolTable.space { buffers.ids.append(byteIDs[Int(byte)]) }
                } else {
                    let length = SymbolTable.scalar(text, at: start).length
                    for byte in text[start..<start + length] { buffers.ids.append(byteIDs[Int(byte)]) }
                }
            } else if buffers.ids.last != unknown {
                buffers.ids.append(unknown)
            }
        }
    }
}
