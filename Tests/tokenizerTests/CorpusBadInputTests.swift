// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("The tokenizer refuses bad input in one line and leaves nothing", .timeLimit(.minutes(2)))
struct CorpusBadInputTests {
    /// Words of a document that no error may repeat.
    static let canary = "Quasimodo"

    private func corpus(_ path: String, format: String = "lines", changes: [String: JSONValue] = [:]) -> JSONValue {
        let source: JSONValue = [
            "name": "notes", "domain": "clinical", "path": .string(path), "format": .string(format),
        ]
        let payload: [String: JSONValue] = [
            "tokenizer": "tokenizer", "sources": [source], "mix": ["clinical": 1], "sequenceLength": 16,
            "output": "made",
        ]
        return .object(payload.merging(changes) { $1 })
    }

    private func desk() throws -> ServiceDesk {
        let desk = try ServiceDesk()
        try desk.copy(TinyLanguage.shared()["tokenizer"], to: "tokenizer")
        let good = TinyLanguage.sentences(20, topic: Self.canary).map { Data(($0 + "\n").utf8) }.reduce(Data(), +)
        try desk.write("good.txt", good)
        try desk.write("invalid.txt", good + Data([0xC3, 0x28, 0x0A]))
        try desk.write("broken.jsonl", #"{"text": "\#(Self.canary) one"}"# + "\n" + #"{"text": "\#(Self.canary)"#)
        try desk.write("other.jsonl", #"{"txt": "\#(Self.canary)"}"#)
        try desk.write("empty.txt", "")
        return desk
    }

    private func refuse(
        _ kind: JobKind, _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let faults = try desk.faults(
            of: "tokenizer", refusing: kind, payload, saying: expected, keeping: Self.canary)
        #expect(faults == [], sourceLocation: sourceLocation)
    }

    @Test func invalidUTF8IsFoundByFileAndByte() throws {
        let desk = try desk()
        let place = "byte \(try Data(contentsOf: desk.folder.appending(path: "good.txt")).count)"
        let expected = ["invalid.txt", "line 21", place, "not valid UTF-8", "convert the file"]
        try refuse(.tokenizeCorpus, corpus("invalid.txt"), on: desk, saying: expected)
        try refuse(
            .tokenizeTrain, ["sources": ["invalid.txt"], "vocabularySize": 300, "output": "made"], on: desk,
            saying: expected)
    }

    @Test func whatCanNotBeReadIsNamed() throws {
        let desk = try desk()
        try refuse(.tokenizeCorpus, corpus("none.txt"), on: desk, saying: ["none.txt", "does not exist"])
        try refuse(.tokenizeCorpus, corpus("empty.txt"), on: desk, saying: ["notes", "no documents"])
        try refuse(
            .tokenizeCorpus, corpus("broken.jsonl", format: "jsonl"), on: desk, saying: ["broken.jsonl", "line 2"])
        try refuse(
            .tokenizeCorpus, corpus("other.jsonl", format: "jsonl"), on: desk,
            saying: ["other.jsonl", "line 1", "text"])
        try refuse(
            .tokenizeCorpus, corpus("good.txt", format: "textt"), on: desk, saying: ["notes", "textt", "lines"])
        try refuse(
            .tokenizeCorpus, corpus("good.txt", changes: ["tokenizer": "good.txt"]), on: desk,
            saying: ["payload.tokenizer", "good.txt"])
        try refuse(
            .tokenizeInstructions,
            [
                "tokenizer": "tokenizer", "sequenceLength": 32, "output": "made",
                "sources": [["name": "samples", "format": "jsonl", "path": "other.jsonl"]],
            ], on: desk, saying: ["other.jsonl", "line 1", "instruction or input"])
        func trainSplit(_ changes: [String: JSONValue]) -> JSONValue {
            let source: [String: JSONValue] = ["name": "samples", "format": "medqa", "path": "other.jsonl"]
            return [
                "tokenizer": "tokenizer", "sequenceLength": 32, "output": "made",
                "sources": [.object(source.merging(changes) { $1 })],
            ]
        }
        try refuse(
            .tokenizeInstructions, trainSplit([:]), on: desk, saying: ["other.jsonl", "line 1", "question"])
        try refuse(
            .tokenizeInstructions, trainSplit(["format": "medquad"]), on: desk,
            saying: ["samples", "medquad", "alpaca", "a task of the benchmark: pubmedqa"])
        try refuse(
            .tokenizeInstructions, trainSplit(["template": "table-a3/1"]), on: desk,
            saying: ["table-a3/1", "table-a2/1"])
        try refuse(
            .tokenizeInstructions, trainSplit(["records": "5..5"]), on: desk,
            saying: ["payload.sources[0].records", "0..<400"])
    }

    @Test func fieldsAreCheckedBeforeAnythingIsRead() throws {
        let desk = try desk()
        try refuse(
            .tokenizeCorpus, corpus("good.txt", changes: ["sequenceLenght": 16]), on: desk,
            saying: ["sequenceLenght", #"did you mean "sequenceLength"?"#])
        try refuse(
            .tokenizeCorpus, corpus("good.txt", changes: ["holdout": 0.9]), on: desk, saying: ["payload.holdout"])
        try refuse(
            .tokenizeTrain, ["vocabularySize": 300], on: desk, saying: ["payload", #""sources" is missing"#])
        try refuse(
            "tokenize.corpora", corpus("good.txt"), on: desk, saying: ["kind", #"did you mean "tokenize.corpus"?"#])
        try refuse(
            .tokenizeTrain, ["sources": ["good.txt"], "vocabularySize": 4000, "output": "made"], on: desk,
            saying: ["vocabulary"])
    }

    @Test func anOutputThatIsTakenByAFileIsRefused() throws {
        let desk = try desk()
        try desk.write("made", "mine")
        try refuse(
            .tokenizeTrain, ["sources": ["good.txt"], "vocabularySize": 300, "output": "made"], on: desk,
            saying: ["made", "is a file"])
        #expect(try String(contentsOf: desk.folder.appending(path: "made"), encoding: .utf8) == "mine")
    }

    @Test(
        "A disk that fills up is one clear error, worth another try, and is left as it was",
        .enabled(if: SmallDisk.isOffered, "only root can mount a small disk"))
    func fullDisk() throws {
        let desk = try desk()
        try FileManager.default.createDirectory(at: desk.store, withIntermediateDirectories: true)
        let listing = desk.folder.appending(path: "listing").path
        let lines = TinyLanguage.sentences(3000, topic: "storage").joined(separator: "\n")
        try desk.write("long.txt", lines)
        // Room for the spool but not for the rows, and for neither.
        for size in [260, 16] {
            let outcome = try desk.run(
                "tokenizer", .tokenizeCorpus, corpus("long.txt"),
                launcher: SmallDisk.launcher(folder: desk.store.path, kibibytes: size, listing: listing))
            #expect(outcome.status == 1)
            #expect(outcome.errors.count == 1 && outcome.errors[0].contains("No space left on device"))
            #expect(outcome.result?.error?.type == .storage && outcome.result?.error?.retryable == true)
            #expect(try String(contentsOfFile: listing, encoding: .utf8) == "")
            #expect(!desk.contents().contains("made"))
        }
    }
}
