// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Byte-pair merging of one stretch of text: the pair of the highest score first, the leftmost among equals, until no
/// neighbours make a piece (Sennrich et al. 2016, as sentencepiece's `bpe_model.cc` does it).
struct PairMerger: Sendable {
    let table: SymbolTable
    /// Ids of the byte pieces, or nil: then unknown characters are ``unknown``, one for a run.
    let byteIDs: [TokenID]?
    let unknown: TokenID

    /// Puts the ids of `text` (valid UTF-8, in which ' ' and U+2581 are the same) into `buffers.ids`.
    func encode(
        _ text: UnsafeBufferPointer<UInt8>, _ buffers: inout MergeBuffers, scanLimit: Int = MergeBuffers.longestScan
    ) {
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
        buffers.merge(by: table, scanLimit: scanLimit)
        write(text, &buffers)
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
