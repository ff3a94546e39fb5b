// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

@Suite("SentencePiece tokenizers equal what sentencepiece 0.2.3 wrote into our fixtures")
struct SentencePieceFixtureTests {
    static let root = OutsideData.fixtures.appending(path: "tokenization")

    @Test(
        "plain, user-defined pieces without byte fallback, pieces across words, and a model we trained",
        arguments: ["plain", "user-defined", "across-words", "trained-here"])
    func fixtures(name: String) throws {
        let folder = Self.root.appending(path: name)
        let tokenizer = try SentencePieceTokenizer(file: folder.appending(path: "tokenizer.model").path)
        try expectEqualRows(folder, tokenizer)
        #expect(tokenizer.merger.table.hasInnerSpaces == (name == "across-words"))
        for row in try folder.appending(path: "strings.jsonl").jsonLines(as: StringRow.self) {
            #expect(tokenizer.encode(utf8: Array(row.text.utf8), addBOS: true) == [1] + row.ids)
        }
    }

    @Test("training the fixture's corpus again gives the very same file")
    func trainingIsDeterministic() throws {
        var trainer = SentencePieceTrainer(.init(vocabularySize: 450, characterCoverage: 0.99))
        try trainer.add(file: Self.root.appending(path: "corpus.txt").path)
        let expected = try Data(contentsOf: Self.root.appending(path: "trained-here/tokenizer.model"))
        #expect(try trainer.train().bytes == Array(expected))

        let lines = try String(contentsOf: Self.root.appending(path: "corpus.txt"), encoding: .utf8)
            .split(separator: "\n")
        var reversed = SentencePieceTrainer(.init(vocabularySize: 450, characterCoverage: 0.99))
        for line in lines.reversed() { reversed.add(String(line)) }
        #expect(try reversed.train().bytes == Array(expected), "the order of the text does not matter")
    }

    @Test("invalid bytes are U+FFFD each")
    func invalidBytes() throws {
        let tokenizer = try SentencePieceTokenizer(file: Self.root.appending(path: "plain/tokenizer.model").path)
        let bytes: [UInt8] = [0x61, 0xFF, 0xE2, 0x96, 0x62, 0xED, 0xA0, 0x80, 0xC3]
        let repaired = "a\u{FFFD}\u{FFFD}\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        #expect(tokenizer.encode(utf8: bytes) == tokenizer.encode(repaired))
        #expect(Array(tokenizer.decode(tokenizer.encode(utf8: bytes)).utf8) == Array(repaired.utf8))
    }

    @Test("a token's bytes add up to the text with its dummy prefix")
    func tokenBytes() throws {
        let tokenizer = try SentencePieceTokenizer(file: Self.root.appending(path: "plain/tokenizer.model").path)
        let text = "β-blockers slow  the heart. 患者 ☃"
        var bytes: [UInt8] = []
        for id in tokenizer.encode(text, addBOS: true) + [2] { tokenizer.appendBytes(of: id, to: &bytes) }
        #expect(bytes == Array((" " + text).utf8))
    }

    @Test("many encoders at once agree with one")
    func concurrentEncoding() async throws {
        let tokenizer = try SentencePieceTokenizer(file: Self.root.appending(path: "plain/tokenizer.model").path)
        let text = try String(contentsOf: Self.root.appending(path: "corpus.txt"), encoding: .utf8)
        let expected = tokenizer.encode(text)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<16 { group.addTask { (0..<8).allSatisfy { _ in tokenizer.encode(text) == expected } } }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
