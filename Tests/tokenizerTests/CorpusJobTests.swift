// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("tokenizer run makes vocabularies and data sets", .timeLimit(.minutes(2)))
struct CorpusJobTests {
    struct Manifest: Decodable {
        var vocabularySize: Int
        var sequenceLength: Int
        var tokenizerDigest: String
    }

    @Test func aVocabularyServesTextAtOnce() throws {
        let language = try TinyLanguage.shared()
        #expect(language.vocabulary.vocabularySize == TinyLanguage.vocabularySize)
        // The output path is relative to the job's file, and told absolute.
        #expect(language.vocabulary.tokenizer.text == language["tokenizer"].path)
        let desk = try ServiceDesk()
        try desk.copy(language["tokenizer"], to: "tokenizer")
        let text = TinyLanguage.sentences(1, topic: "clinical case")[0]
        let ids = try desk.output(
            "tokenizer", .tokenizeText, of: TokenizeText.self,
            ["tokenizer": "tokenizer", "texts": [.string(text), "\u{1F489}"], "addBOS": true]
        ).ids
        #expect(ids[0].first == 1 && ids[0].count < text.utf8.count * 2 / 3)
        #expect(ids[0].allSatisfy { $0 < 320 })
        // A character outside the vocabulary is spelt in bytes: BOS, the space, four bytes.
        #expect(ids[1].count == 6)
    }

    @Test func aCorpusTellsWhatItHolds() throws {
        let language = try TinyLanguage.shared()
        let corpus = language.corpus
        #expect(Set(corpus.heldOut.keys) == ["biomedical", "clinical", "general"])
        #expect(corpus.dataset.text == language["corpus/dataset"].path)
        let total = corpus.tokens.byDomain.values.reduce(0, +)
        #expect(corpus.tokens.total == total && corpus.tokens.total > 2800 && corpus.tokens.total <= 3000)
        #expect(corpus.tokens.bySource == corpus.tokens.byDomain)
        // 15 : 1 : 4.
        for (domain, share) in [("biomedical", 0.75), ("clinical", 0.05), ("general", 0.2)] {
            let tokens = Double(try #require(corpus.tokens.byDomain[domain]))
            #expect(abs(tokens / Double(total) - share) < 0.03, "\(domain): \(tokens) of \(total)")
        }
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(contentsOf: language["corpus/dataset/dataset.json"]))
        #expect(manifest.vocabularySize == 320 && manifest.sequenceLength == 48)
        #expect(manifest.tokenizerDigest.hasPrefix("sha256:"))
        // The tokenizer travels with what it made.
        for name in ["corpus/dataset", "instructions"] {
            #expect(
                try Data(contentsOf: language["\(name)/tokenizer.model"])
                    == Data(contentsOf: language["tokenizer/tokenizer.model"]))
        }
        #expect(language.instructions.samples == ["samples": 24])
        #expect(language.instructions.truncated == 0 && language.instructions.tokens["samples"] ?? 0 > 24)
    }

    @Test func aTrainSplitIsWrittenAsItsEvaluationAsks() throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["tokenizer"], to: "tokenizer")
        let records = (0..<12).map {
            #""\#($0)": {"QUESTION": "Does it help \#($0)?", "CONTEXTS": ["a", "b"], "final_decision": "yes"}"#
        }
        try desk.write("pubmedqa/train_set.json", "{\(records.joined(separator: ","))}")
        try desk.write("pubmedqa/test_set.json", "{}")
        func samples(_ changes: [String: JSONValue]) throws -> TokenizeInstructions.Output {
            let source: [String: JSONValue] = ["name": "train", "format": "pubmedqa", "path": "pubmedqa"]
            return try desk.output(
                "tokenizer", .tokenizeInstructions, of: TokenizeInstructions.self,
                [
                    "tokenizer": "tokenizer", "sequenceLength": 400, "packing": false,
                    "sources": [.object(source.merging(changes) { $1 })],
                ])
        }
        let all = try samples([:])
        #expect(all.samples == ["train": 12] && all.truncated == 0 && all.dropped.isEmpty)
        #expect(try samples(["records": "2..<9", "limit": 5, "template": "code/1"]).samples == ["train": 5])
        // The same prompt written by hand gives the same bytes.
        let lines = (0..<12).map { index in
            let prompt =
                "Your task is to answer biomedical questions using the given abstract. Only output yes, no, or maybe as "
                + "answer. INPUT: Does it help \(index)? CONTEXT: a\\nb OUTPUT:"
            return #"{"input": "\#(prompt)", "output": "yes"}"#
        }
        try desk.write("by-hand.jsonl", lines.joined(separator: "\n"))
        let byHand = try samples(["format": "jsonl", "path": "by-hand.jsonl"])
        #expect(byHand.dataset == all.dataset)
    }

    @Test func withoutOutputTheStoreKeepsIt() throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["text"], to: "text")
        let made = try desk.output(
            "tokenizer", .tokenizeTrain, of: TokenizeTrain.self,
            ["sources": ["text/*.jsonl"], "vocabularySize": 320])
        guard case .artifact = made.tokenizer else {
            Issue.record("no artifact: \(made.tokenizer)")
            return
        }
        #expect(
            try Data(contentsOf: desk.place(of: made.tokenizer).appending(path: "tokenizer.model"))
                == Data(contentsOf: language["tokenizer/tokenizer.model"]))
        // An artifact is as good a name as a path, and the job's workspace is gone.
        _ = try desk.output(
            "tokenizer", .tokenizeText, of: TokenizeText.self,
            ["tokenizer": .string(made.tokenizer.text), "texts": ["fever"]])
        #expect(desk.contents().filter { $0.hasPrefix("store/") && !$0.hasPrefix("store/sha256/") } == [])
    }
}
