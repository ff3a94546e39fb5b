// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

/// One string and what the reference library makes of it.
struct StringRow: Decodable {
    var text: String
    var ids: [TokenID]
    var pieces: [String]
    var decoded: String
    /// Bytes of each word the text is cut into, if the library has words.
    var words: [Int]?
}

/// Ids, some cut inside a character, and the text the reference library makes of them.
struct DecodeRow: Decodable {
    var ids: [TokenID]
    var text: String
}

/// Compares a tokenizer with every row of a folder of expected results, byte by byte.
func expectEqualRows(_ folder: URL, _ tokenizer: SentencePieceTokenizer) throws {
    let rows = try folder.appending(path: "strings.jsonl").jsonLines(as: StringRow.self)
    try #require(!rows.isEmpty)
    for (number, row) in rows.enumerated() {
        let ids = tokenizer.encode(row.text)
        #expect(ids == row.ids, "ids of row \(number)")
        #expect(
            ids.map { Array((tokenizer.piece($0) ?? "").utf8) } == row.pieces.map { Array($0.utf8) },
            "pieces of row \(number)")
        #expect(Array(tokenizer.decode(row.ids).utf8) == Array(row.decoded.utf8), "decoded text of row \(number)")
    }
    let decodeRows = try folder.appending(path: "decode.jsonl").jsonLines(as: DecodeRow.self)
    try #require(!decodeRows.isEmpty)
    for (number, row) in decodeRows.enumerated() {
        #expect(Array(tokenizer.decode(row.ids).utf8) == Array(row.text.utf8), "decode row \(number)")
        var decoder = tokenizer.streamingDecoder()
        let streamed = row.ids.map { decoder.append($0) }.joined() + decoder.finish()
        #expect(Array(streamed.utf8) == Array(row.text.utf8), "decode row \(number), an id at a time")
    }
}

@Suite(
    "SentencePiece tokenizers equal the reference library on every string",
    .enabled(if: OutsideData.oracles != nil, "no oracles: set MELLAMA_ORACLES"))
struct SentencePieceOracleTests {
    static let folders = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("tokenizer.model") && $0.holds("strings.jsonl")
    }

    @Test("there is a tokenizer to compare with")
    func foldersExist() { #expect(!Self.folders.isEmpty) }

    @Test("ids, pieces and decoded text are equal", arguments: folders)
    func equalRows(folder: URL) throws {
        try expectEqualRows(folder, SentencePieceTokenizer(file: folder.appending(path: "tokenizer.model").path))
    }

    @Test("a model that was read and written again encodes the same", arguments: folders)
    func writtenAgain(folder: URL) throws {
        let model = try SentencePieceModel(
            bytes: Array(Data(contentsOf: folder.appending(path: "tokenizer.model"))), name: "tokenizer.model")
        #expect(try SentencePieceModel(bytes: model.bytes, name: "copy") == model)
        try expectEqualRows(folder, SentencePieceTokenizer(model: model))
    }

    @Test("scanning, the heap and the cache agree", arguments: folders)
    func waysAgree(folder: URL) throws {
        let tokenizer = try SentencePieceTokenizer(file: folder.appending(path: "tokenizer.model").path)
        var buffers = MergeBuffers()
        for row in try folder.appending(path: "strings.jsonl").jsonLines(as: StringRow.self) where !row.text.isEmpty {
            for limit in [0, Int.max] {
                Array((" " + row.text).utf8).withUnsafeBufferPointer {
                    tokenizer.merger.encode($0, &buffers, scanLimit: limit)
                }
                #expect(buffers.ids == row.ids)
            }
        }
    }
}
