// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import MedicalBenchmark
import Testing

@Suite("A bad record is an error that names file, line and field, and never its text")
struct MalformedDataTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let task: any BenchmarkTask
        let name: String
        let content: String
        let place: String
        let field: String?
        var testDescription: String { "\(task.id), \(place) \(field ?? "")" }
    }

    private static let good = #"{"id": "a", "question": "q", "opa": "1", "opb": "2", "opc": "3", "opd": "4", "cop": 1}"#
    private static let medQA =
        #"{"question": "secretword", "options": {"A": "1", "B": "2"}, "answer_idx": "#

    static let cases: [Case] = [
        Case(
            task: I2B2(), name: "1.xml", place: "line 2", field: "start",
            text:
                "<T><TEXT>a secretword</TEXT><TAGS>\n<EVENT start=\"-9223372036854775808\" end=\"2\" text=\"secretword\""
                + " type=\"TEST\"/></TAGS></T>"),
        Case(task: PubMedQA(), name: "x.json", content: "[]", place: "line 1", field: nil),
        Case(task: PubMedQA(), name: "x.json", content: "{}", place: "x.json", field: nil),
        Case(
            task: PubMedQA(), name: "x.json", content: "{\"1\": {\"QUESTION\": \"secretword", place: "line 1",
            field: nil),
        Case(
            task: PubMedQA(), name: "x.json", place: "line 2", field: "CONTEXTS",
            text: "{\n\"1\": {\"QUESTION\": \"secretword\", \"final_decision\": \"yes\"}}"),
        Case(
            task: PubMedQA(), name: "x.json", place: "line 1", field: "final_decision",
            text: "{\"1\": {\"QUESTION\": \"secretword\", \"CONTEXTS\": [], \"final_decision\": \"secretword\"}}"),
        Case(
            task: PubMedQA(), name: "x.json", place: "line 1", field: "CONTEXTS",
            text: "{\"1\": {\"QUESTION\": \"secretword\", \"CONTEXTS\": \"secretword\", \"final_decision\": \"no\"}}"),
        Case(task: MedQA(), name: "x.jsonl", content: medQA + "\"C\"}", place: "line 1", field: "answer_idx"),
        Case(task: MedQA(), name: "x.jsonl", content: "\n" + medQA + "3}", place: "line 2", field: "answer_idx"),
        Case(
            task: MedQA(), name: "x.jsonl", place: "line 1", field: "options",
            text: "{\"question\": \"secretword\", \"options\": {\"A\": \"1\", \"C\": \"2\"}, \"answer_idx\": \"A\"}"),
        Case(task: MedMCQA(), name: "x.jsonl", content: good + "\n" + good, place: "record 1", field: nil),
        Case(
            task: MedMCQA(), name: "x.jsonl", place: "line 2", field: "cop",
            text: good + "\n" + good.replacing("\"cop\": 1", with: "\"cop\": 4")),
        Case(task: MedMCQA(), name: "x.jsonl", content: "secretword", place: "line 1", field: nil),
        Case(
            task: MedMCQA(), name: "x.jsonl", place: "line 1", field: "question",
            text: good.replacing("\"q\"", with: "\"  \"")),
        Case(
            task: MMLU(), name: "x_test.csv", content: "q,1,2,3,4,A\nsecretword,1,2,3,B\n", place: "line 2", field: nil),
        Case(task: MMLU(), name: "x_test.csv", content: "secretword,1,2,3,4,E\n", place: "line 1", field: "answer"),
        Case(task: MMLU(), name: "x_test.csv", content: "q,1,2,3,4,A\n\"secretword", place: "line 2", field: nil),
        Case(task: MMLU(), name: "x_test.csv", content: "\"secretword\"more,1,2,3,4,A\n", place: "line 1", field: nil),
    ]

    @Test("Malformed records", arguments: cases)
    func malformed(_ sample: Case) throws {
        try BenchmarkFixtures.withFile(sample.content.utf8, named: sample.name) { file in
            let error = try #require(BenchmarkFixtures.error { _ = try sample.task.read(file, split: nil) })
            #expect(error.code == .malformedRecord)
            #expect(error.subject.contains(file.path))
            #expect(error.subject.contains(sample.place))
            if let field = sample.field { #expect(error.subject.contains("\"\(field)\"")) }
            #expect(!error.description.contains("secretword"))
            #expect(!error.description.contains("\n"))
        }
    }

    @Test("Invalid UTF-8 is an error in JSON and in CSV")
    func invalidUTF8() throws {
        let json = Array("{\"1\": {\"QUESTION\": \"".utf8) + [0xFF, 0xFE] + Array("\"}}".utf8)
        try BenchmarkFixtures.withFile(json, named: "x.json") { file in
            #expect(BenchmarkFixtures.error { _ = try PubMedQA().read(file, split: nil) }?.code == .malformedRecord)
        }
        try BenchmarkFixtures.withFile([0xFF] + Array(",1,2,3,4,A\n".utf8), named: "x_test.csv") { file in
            let error = BenchmarkFixtures.error { _ = try MMLU().read(file, split: nil) }
            #expect(error?.reason == "is no valid UTF-8")
        }
    }

    @Test("A byte-order mark and blank lines are passed over")
    func tolerated() throws {
        let content: [UInt8] = [0xEF, 0xBB, 0xBF] + Array("\n  \r\n\(Self.good)\r\n\n".utf8)
        try BenchmarkFixtures.withFile(content) { file in
            let items = try MedMCQA().read(file, split: nil).items
            #expect(items.map(\.id) == ["a"])
        }
    }

    @Test("A link to a file is read, a link to nothing refused")
    func links() throws {
        try BenchmarkFixtures.withFile(Self.good.utf8) { file in
            let link = file.deletingLastPathComponent().appending(path: "link.jsonl")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
            let items = try MedMCQA().read(link, split: nil).items
            #expect(items.count == 1)
            try FileManager.default.removeItem(at: file)
            let error = BenchmarkFixtures.error { _ = try MedMCQA().read(link, split: nil) }
            #expect(error?.code == .unreadable)
        }
    }

    @Test("Every cut of a good file is read or refused, never a crash")
    func truncation() throws {
        let whole = try Data(contentsOf: BenchmarkFixtures.pubMedQA.appending(path: "test_set.json"))
        var refused = 0
        for length in stride(from: 0, to: whole.count - 2, by: 7) {
            try BenchmarkFixtures.withFile(whole.prefix(length), named: "x.json") { file in
                if BenchmarkFixtures.error({ _ = try PubMedQA().read(file, split: nil) }) != nil { refused += 1 }
            }
        }
        #expect(refused == (whole.count - 2 + 6) / 7)
    }

    @Test("A missing file, an empty folder and an ambiguous folder are refused")
    func places() throws {
        let nowhere = BenchmarkFixtures.folder.appending(path: "absent.json")
        #expect(BenchmarkFixtures.error { _ = try PubMedQA().read(nowhere, split: nil) }?.code == .unreadable)
        let wrong = BenchmarkFixtures.error { _ = try MedQA().read(BenchmarkFixtures.pubMedQA, split: nil) }
        #expect(wrong?.code == .unreadable)
        let split = BenchmarkFixtures.error { _ = try PubMedQA().read(BenchmarkFixtures.pubMedQA, split: "train") }
        #expect(split?.remedy.contains("test_set.json") == true)
        let subject = BenchmarkFixtures.error { _ = try MMLU().read(BenchmarkFixtures.mmlu, split: "test/virology") }
        #expect(subject?.code == .unreadable)
    }
}

extension MalformedDataTests.Case {
    init(task: any BenchmarkTask, name: String, place: String, field: String?, text: String) {
        self.init(task: task, name: name, content: text, place: place, field: field)
    }
}
