// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@testable import Tokenization

@Suite(
    "A vocabulary trained on the reference corpus is the reference vocabulary",
    .enabled(if: OutsideData.oracles != nil, "no oracles: set MELLAMA_ORACLES"))
struct SentencePieceTrainerOracleTests {
    static let folders = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("tokenizer.model") && $0.holds("corpus.txt")
    }

    @Test("there is a corpus to train on")
    func foldersExist() { #expect(!Self.folders.isEmpty) }

    @Test("pieces, scores and kinds are equal", arguments: folders)
    func equalPieces(folder: URL) throws {
        let reference = try SentencePieceModel(
            bytes: Array(Data(contentsOf: folder.appending(path: "tokenizer.model"))), name: "tokenizer.model")
        var trainer = SentencePieceTrainer(
            .init(
                vocabularySize: reference.pieces.count,
                characterCoverage: Double("\(reference.training.characterCoverage)") ?? 0))
        try trainer.add(file: folder.appending(path: "corpus.txt").path)
        let model = try trainer.train()
        #expect(model.pieces.count == reference.pieces.count)
        for (id, (ours, theirs)) in zip(model.pieces, reference.pieces).enumerated() where ours != theirs {
            Issue.record(
                "piece \(id) is \(String(decoding: ours.bytes, as: UTF8.self)), not \(String(decoding: theirs.bytes, as: UTF8.self))"
            )
            break
        }
        #expect(model.normalization == reference.normalization)
        if folder.holds("strings.jsonl") { try expectEqualRows(folder, SentencePieceTokenizer(model: model)) }
    }
}
