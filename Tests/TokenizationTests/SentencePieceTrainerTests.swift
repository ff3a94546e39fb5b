// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Tokenization

@Suite("Training a vocabulary says what is wrong with its input")
struct SentencePieceTrainerTests {
    private func error(
        _ options: SentencePieceTrainer.Options, _ text: String
    ) -> TokenizationError? {
        #expect(throws: TokenizationError.self) {
            var trainer = SentencePieceTrainer(options)
            trainer.add(text)
            _ = try trainer.train()
        }
    }

    @Test("no text, too small a vocabulary, too large a vocabulary")
    func sizes() {
        #expect(error(.init(vocabularySize: 300), "\n\n")?.code == .emptyCorpus)
        let small = error(.init(vocabularySize: 260), "abc")
        #expect(small?.code == .vocabularySize)
        #expect(small?.detail.contains("ask for 263") == true, "3 special, 256 bytes, 3 letters and the space")
        let large = error(.init(vocabularySize: 1000), "abc")
        #expect(large?.code == .vocabularySize)
        #expect(large?.detail.contains("at most 266") == true, "▁a, bc and ▁abc are all there is to merge")
    }

    @Test("the largest vocabulary the error names can be trained")
    func largest() throws {
        var trainer = SentencePieceTrainer(.init(vocabularySize: 266))
        trainer.add("abc")
        let tokenizer = try SentencePieceTokenizer(model: trainer.train())
        #expect(tokenizer.vocabularySize == 266)
        #expect(tokenizer.encode("abc").count == 1)
    }

    @Test("invalid UTF-8 is named by source and byte, not by text")
    func invalidText() {
        let error = #expect(throws: TokenizationError.self) {
            var trainer = SentencePieceTrainer(.init(vocabularySize: 300))
            try [UInt8]("secret".utf8 + [0xC3, 0x28]).withUnsafeBufferPointer {
                try trainer.add(utf8: $0, source: "notes.txt")
            }
        }
        #expect(error?.code == .invalidUTF8)
        #expect(error?.description.contains("notes.txt: byte 6 ") == true)
        #expect(error?.description.contains("secret") == false)
    }

    @Test("training can be stopped by its progress")
    func stopping() {
        struct Stop: Error {}
        #expect(throws: Stop.self) {
            var trainer = SentencePieceTrainer(.init(vocabularySize: 266))
            trainer.add("abc")
            _ = try trainer.train { _, _ in throw Stop() }
        }
    }

    @Test("digits stay apart, spaces come first, scripts are not mixed, no piece is too long")
    func rules() {
        let rules = PieceRules(maximumLength: 4)
        let allowed = ["ab", "▁a", "▁▁", "患者", "βα", "e\u{301}", "1", "ひ漢カ"]
        let refused = ["a1", "12", "a▁", "▁a▁", "▁▁a", "aβ", "a,", "患a", "abcde", "a\t", ""]
        for text in allowed { #expect(rules.allow(text.unicodeScalars.map(\.value)), "\(text)") }
        for text in refused { #expect(!rules.allow(text.unicodeScalars.map(\.value)), "\(text)") }
    }
}
