// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

/// Compares a byte-level tokenizer with every row of a folder of expected results, byte by byte.
func expectEqualRows(_ folder: URL, _ tokenizer: ByteLevelTokenizer) throws {
    let rows = try folder.appending(path: "strings.jsonl").jsonLines(as: StringRow.self)
    try #require(!rows.isEmpty)
    var buffers = MergeBuffers()
    for (number, row) in rows.enumerated() {
        let ids = tokenizer.encode(row.text)
        #expect(ids == row.ids, "ids of row \(number)")
        #expect(
            ids.map { Array((tokenizer.piece($0) ?? "").utf8) } == row.pieces.map { Array($0.utf8) },
            "pieces of row \(number)")
        let shown = tokenizer.decode(row.ids, showsControls: true)
        #expect(Array(shown.utf8) == Array(row.decoded.utf8), "decoded text of row \(number)")
        // Text as untrusted is the same text, and has no control token.
        let untrusted = tokenizer.encode(untrusted: row.text)
        #expect(!untrusted.contains { tokenizer.vocabulary.isControl[Int($0)] }, "row \(number)")
        #expect(Array(tokenizer.decode(untrusted).utf8) == Array(row.text.utf8), "row \(number) as untrusted")
        if !ids.contains(where: { tokenizer.vocabulary.isControl[Int($0)] }) {
            #expect(untrusted == ids)
            #expect(Array(tokenizer.decode(ids).utf8) == Array(row.decoded.utf8))
        }
        if let words = row.words {
            #expect(wordLengths(row.text, tokenizer.pattern) == words, "words of row \(number)")
        }
        for limit in [0, Int.max] {
            var bytes = Array(row.text.utf8)
            bytes.withUnsafeMutableBufferPointer { text in
                let word = UnsafeBufferPointer(text)
                tokenizer.encode(word: word, &buffers, scanLimit: 40)
                let expected = buffers.ids
                tokenizer.encode(word: word, &buffers, scanLimit: limit)
                #expect(buffers.ids == expected, "row \(number): scanning and the heap")
            }
        }
    }
    let decodeRows = folder.appending(path: "decode.jsonl")
    guard FileManager.default.fileExists(atPath: decodeRows.path) else { return }
    for (number, row) in try decodeRows.jsonLines(as: DecodeRow.self).enumerated() {
        let text = tokenizer.decode(row.ids, showsControls: true)
        #expect(Array(text.utf8) == Array(row.text.utf8), "decode row \(number)")
        var decoder = tokenizer.streamingDecoder()
        let streamed = row.ids.map { decoder.append($0) }.joined() + decoder.finish()
        #expect(streamed == tokenizer.decode(row.ids), "decode row \(number), an id at a time")
        var bytes: [UInt8] = []
        for id in row.ids { tokenizer.appendBytes(of: id, to: &bytes) }
        #expect(String(decoding: bytes, as: UTF8.self) == tokenizer.decode(row.ids), "decode row \(number), bytes")
    }
}

/// How many bytes each word of a text has.
private func wordLengths(_ text: String, _ pattern: SplitPattern) -> [Int] {
    Array(text.utf8).withUnsafeBufferPointer { bytes in
        var lengths: [Int] = [], start = 0
        while start < bytes.count {
            let end = pattern.wordEnd(bytes, from: start)
            lengths.append(end - start)
            start = end
        }
        return lengths
    }
}
