// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

@Suite(
    "Byte-level tokenizers equal the reference library on every string",
    .enabled(if: OutsideData.oracles != nil, "no oracles: set MELLAMA_ORACLES"))
struct ByteLevelOracleTests {
    static let folders = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("tokenizer.json") && $0.holds("strings.jsonl")
    }

    @Test("there is a tokenizer to compare with")
    func foldersExist() { #expect(!Self.folders.isEmpty) }

    @Test("ids, pieces and decoded text are equal", arguments: folders)
    func equalRows(folder: URL) throws {
        try expectEqualRows(folder, ByteLevelTokenizer(file: folder.appending(path: "tokenizer.json").path))
    }

    @Test("the folder is loaded by what its file is", arguments: folders)
    func loaded(folder: URL) throws {
        let tokenizer = try TokenizerFile.load(path: folder.path)
        #expect(tokenizer is ByteLevelTokenizer)
        #expect(tokenizer.beginOfSequence != nil && tokenizer.endOfSequence != nil)
    }
}
