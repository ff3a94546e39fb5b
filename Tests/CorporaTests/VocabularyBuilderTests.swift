// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing
import Tokenization

@testable import Corpora

@Suite("A vocabulary is trained on the documents of files")
struct VocabularyBuilderTests {
    @Test("JSON Lines by their text, anything else as it is, both to the same pieces")
    func files() throws {
        try withTemporaryFolder { folder in
            let corpus = OutsideData.fixtures.appending(path: "tokenization/corpus.txt").path
            let lines = try String(contentsOfFile: corpus, encoding: .utf8).split(separator: "\n")
            let json = try lines.map { String(decoding: try JSONEncoder().encode(["text": String($0)]), as: UTF8.self) }
            try write(json.joined(separator: "\n"), to: folder + "/a.jsonl")
            let options = SentencePieceTrainer.Options(vocabularySize: 450, characterCoverage: 0.99)
            let plain = try VocabularyBuilder.train(paths: [corpus], options: options)
            #expect(try VocabularyBuilder.train(paths: [folder + "/*.jsonl"], options: options) == plain)
            #expect(plain.pieces.count == 450)
            #expect(throws: CorporaError.self) {
                try VocabularyBuilder.train(paths: [folder + "/*.txt"], options: options)
            }
            let stop = BuildControl(isCancelled: { true })
            #expect(throws: CorporaError.self) {
                try VocabularyBuilder.train(paths: [corpus], options: options, control: stop)
            }
        }
    }
}
