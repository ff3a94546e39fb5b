// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import FuzzSupport
import Testing

@testable import Encoders

@Suite("Texts are cut into pieces as BERT's tokenizer does it")
struct WordPieceTests {
    private static let vocabulary =
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\nheart\n##s\nfail\n##ure\n-\n,\ncafe\n中\nH\n##eart\né\n"

    private func tokenizer(_ change: (inout WordPieceSettings) -> Void = { _ in }) throws -> WordPieceTokenizer {
        var settings = WordPieceSettings()
        change(&settings)
        return try WordPieceTokenizer(vocabulary: Array(Self.vocabulary.utf8), settings: settings, name: "vocab.txt")
    }

    private func pieces(_ text: String, _ tokenizer: WordPieceTokenizer, most: Int = 100) -> [Int32] {
        Array(tokenizer.encode(text, most: most).ids.dropFirst().dropLast())
    }

    @Test("the longest piece from the left, punctuation alone, the whole word unknown")
    func cutting() throws {
        let tokenizer = try tokenizer()
        #expect(pieces("Hearts, heart-failure", tokenizer) == [4, 5, 9, 4, 8, 6, 7])
        #expect(pieces("heartx hearts", tokenizer) == [1, 4, 5])
        #expect(pieces("CAF\u{C9} cafe\u{301}", tokenizer) == [10, 10])
        #expect(pieces("中中heart", tokenizer) == [11, 11, 4])
        #expect(pieces("hea\u{200D}rt\u{0}\u{FFFD}s\u{A0}fail\n", tokenizer) == [4, 5, 6])
        #expect(pieces(String(repeating: "s", count: 101), tokenizer) == [1])
        #expect(pieces("", tokenizer) == [] && tokenizer.encode("", most: 2).ids == [2, 3])
        #expect(pieces("[SEP]", tokenizer) == [1, 1, 1], "no text makes a special token")
    }

    @Test("capitals and accents stay where the vocabulary has them")
    func cased() throws {
        let tokenizer = try tokenizer { ($0.lowercases, $0.stripsAccents) = (false, false) }
        #expect(pieces("Heart heart é", tokenizer) == [12, 13, 4, 14])
    }

    @Test("long texts lose their end, and it is said")
    func cut() throws {
        let tokenizer = try tokenizer()
        let (ids, isCut) = tokenizer.encode("heart fail hearts", most: 4)
        #expect(ids == [2, 4, 6, 3] && isCut)
        #expect(!tokenizer.encode("heart fail", most: 4).isCut)
    }

    @Test("a vocabulary without the special pieces is refused")
    func refused() {
        #expect(throws: EncoderError.self) {
            try WordPieceTokenizer(vocabulary: Array("a\nb\n".utf8), settings: WordPieceSettings(), name: "x")
        }
    }
}

@Suite("Whatever bytes a vocabulary and a text hold: ids of the vocabulary")
struct WordPieceFuzzTests {
    @Test func texts() throws {
        let seed = "[UNK]\n[CLS]\n[SEP]\na\n##b\nheart\n\0The heart\u{301} is 患者 of no-rmal, size\u{200D}."
        try FuzzRun(
            FuzzTarget(name: "wordpiece", seeds: [Array(seed.utf8)], words: ["##", "\n", "[UNK]", "é", "中", "\u{0}"]) {
                bytes in
                let parts = bytes.split(separator: 0, maxSplits: 1)
                do {
                    let tokenizer = try WordPieceTokenizer(
                        vocabulary: Array(parts.first ?? []), settings: WordPieceSettings(), name: "fuzzed")
                    let ids = tokenizer.encode(String(decoding: parts.last ?? [], as: UTF8.self), most: 64).ids
                    try FuzzFailure.unless(
                        ids.count <= 64 && ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize }, "\(ids)")
                    return .accepted
                } catch is EncoderError { return .refused }
            }
        ).run()
    }
}
