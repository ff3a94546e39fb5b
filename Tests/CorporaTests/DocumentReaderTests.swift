// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import OracleSupport
import Testing

@testable import Corpora

@Suite("Documents are read as their publishers lay them out")
struct DocumentReaderTests {
    private func read(
        _ path: String, _ format: DocumentFormat, field: String? = nil, records: Range<Int>? = nil
    ) throws -> [String] {
        var texts: [String] = []
        let source = DocumentSource(
            name: "test", domain: .general, path: path, format: format, field: field, records: records)
        try DocumentReader(source).forEach { texts.append($0.text) }
        return texts
    }

    private func failure(_ bytes: [UInt8], _ format: DocumentFormat, field: String? = nil) throws -> CorporaError? {
        try withTemporaryFolder { folder in
            try Data(bytes).write(to: URL(filePath: folder + "/bad"))
            return #expect(throws: CorporaError.self) { try read(folder + "/bad", format, field: field) }
        }
    }

    @Test("text, lines and paragraphs")
    func plain() throws {
        try withTemporaryFolder { folder in
            let path = try write("\u{FEFF}one\r\ntwo\n\n \nthree\n", to: folder + "/a.txt")
            #expect(try read(path, .text) == ["one\r\ntwo\n\n \nthree\n"])
            #expect(try read(path, .lines) == ["one", "two", "three"])
            #expect(try read(path, .paragraphs) == ["one\r\ntwo", "three"])
            #expect(try read(path, .lines, records: 1..<2) == ["two"])
        }
    }

    @Test("JSON Lines by field, and an array of objects")
    func json() throws {
        try withTemporaryFolder { folder in
            let lines = try write("{\"text\":\"a\\n\\u00e9\",\"n\":1}\n\n{\"text\":\"b\"}", to: folder + "/a.jsonl")
            #expect(try read(lines, .jsonl) == ["a\né", "b"])
            let array = try write(
                "[ {\"instruction\":\"i]\\\"\",\"output\":\"x\"},\n {\"output\":\"y\"} ]\n", to: folder + "/b.json")
            #expect(try read(array, .alpaca) == ["x", "y"])
            #expect(try read(array, .jsonl, field: "output") == ["x", "y"])
            #expect(try read(array, .wikidoc, records: 1..<9) == ["y"])
        }
    }

    @Test("PubMedQA's records keep the order of the file")
    func pubmedqa() throws {
        try withTemporaryFolder { folder in
            let records = [9, 2, 7, 1, 5].map { "\"\($0)\": {\"CONTEXTS\": [\"c\($0)\", \"d\"], \"QUESTION\": \"q\"}" }
            let path = try write("{\n" + records.joined(separator: ",\n") + "\n}", to: folder + "/p.json")
            #expect(try read(path, .pubmedqa) == [9, 2, 7, 1, 5].map { "c\($0)\nd" })
            #expect(try read(path, .pubmedqa, records: 3..<5) == ["c1\nd", "c5\nd"])
        }
    }

    @Test("Hallmarks of Cancer by its header, and several files by a pattern")
    func columns() throws {
        try withTemporaryFolder { folder in
            try write("pmid\ttext\tlabels\n1\tone \"x\"\ta;b\n", to: folder + "/b.tsv")
            try write("text\tpmid\r\ntwo\t2\r\n", to: folder + "/a.tsv")
            try write("no", to: folder + "/.c.tsv")
            #expect(try read(folder + "/*.tsv", .hoc) == ["two", "one \"x\""])
            #expect(try read(folder + "/?.tsv", .hoc, records: 1..<2) == ["one \"x\""])
            #expect(throws: CorporaError.self) { try read(folder + "/*.txt", .hoc) }
            #expect(throws: CorporaError.self) { try read(folder, .text) }
        }
    }

    @Test("patterns match as a shell's do")
    func patterns() {
        func matches(_ name: String, _ pattern: String) -> Bool {
            SourceFiles.matches(Array(name.utf8)[...], Array(pattern.utf8)[...])
        }
        #expect(matches("a.jsonl", "*.jsonl") && matches("abc", "a*c") && matches("abbc", "a*b?") && matches("", "*"))
        #expect(!matches("a.json", "*.jsonl") && !matches("ab", "a") && !matches("a", "a?") && matches("aXbXc", "*X*"))
        #expect(!matches(String(repeating: "a", count: 5000), String(repeating: "a*", count: 200) + "b"))
    }

    @Test("mistakes name file, line and byte, and never quote the text")
    func mistakes() throws {
        let invalid = try failure(
            Array("{\"text\":\"ok\"}\n{\"text\":\"secret ".utf8) + [0xFF] + Array("\"}".utf8), .jsonl)
        #expect(invalid?.code == .invalidUTF8)
        #expect(invalid?.detail.contains("line 2, byte 30") == true)
        let text = try failure(Array("a\nsecret".utf8) + [0xC0], .text)
        #expect(text?.detail.contains("line 2, byte 8") == true)
        let paragraph = try failure(Array("a\n\nb\nsecret".utf8) + [0xC0], .paragraphs)
        #expect(paragraph?.detail.contains("line 4, byte 11") == true)
        let broken = try failure(Array("{\"text\":\"ok\"}\n{\"text\": secret}\n".utf8), .jsonl)
        #expect(broken?.code == .malformed && broken?.detail.contains("line 2, byte 14") == true)
        let field = try failure(Array("[{\"output\":\"ok\"},\n{\"text\":\"secret\"}]".utf8), .alpaca)
        #expect(field?.code == .missingField)
        #expect(field?.detail.contains("line 2, byte 18: the field output is missing; the record has: text") == true)
        let columns = try failure(Array("pmid\ttext\n1\n".utf8), .hoc)
        #expect(columns?.detail.contains("line 2, byte 10: has 1 tab-separated columns, the header 2") == true)
        let cut = try failure(Array("{\"1\": {\"CONTEXTS\": [\"secret".utf8), .pubmedqa)
        #expect(cut?.code == .malformed)
        #expect(try failure([], .jsonl)?.code == .emptySource)
        #expect(try failure(Array("[]".utf8), .alpaca)?.code == .emptySource)
        for error in [invalid, text, paragraph, broken, field, columns, cut] {
            #expect(error?.description.contains("secret") == false)
        }
        #expect(throws: CorporaError.self) { try DocumentFormat(name: "jsonlines", source: "notes") }
    }

    @Test("no bytes crash a reader")
    func hostileFiles() throws {
        var random = SeededRandom(seed: 3)
        let good = Array("[{\"output\":\"a\\\"b\",\"x\":[1,{\"y\":null}]},\n{\"output\":\"c\"}]".utf8)
        try withTemporaryFolder { folder in
            for round in 0..<600 {
                var bytes = Array(good[..<Int.random(in: 0...good.count, using: &random)])
                for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                    let alphabet = Array("[]{}\",:\\ \n\t1a".utf8) + [0xFF, 0]
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                }
                let file = try MappedFile(contents: bytes, named: "fuzzed")
                do {
                    let layout: RecordScanner.Layout = [.records, .members, .tabSeparated][round % 3]
                    var scanner = try RecordScanner(file, layout: layout)
                    while try scanner.next() != nil {}
                } catch is CorporaError {}
                _ = try? CommaSeparatedRows.read(file)
            }
        }
    }

    @Test(
        "the published files hold as many records as their publishers say",
        .enabled(if: OutsideData.data != nil, "no public data: set MELLAMA_DATA"),
        arguments: [
            ("pubmedqa/pqal_dev.json", DocumentFormat.pubmedqa, 500), ("hoc/train.tsv", .hoc, 1108),
            ("hoc/dev.tsv", .hoc, 157), ("alpaca/alpaca_en_demo.json", .alpaca, 999),
            ("wikidoc/wikidoc_patient_3000.json", .wikidoc, 3000),
        ])
    func publishedFiles(path: String, format: DocumentFormat, count: Int) throws {
        let file = try #require(OutsideData.data).appending(path: path)
        try #require(FileManager.default.fileExists(atPath: file.path))
        let texts = try read(file.path, format)
        #expect(texts.count == count)
        #expect(!texts.contains(""))
        if format == .pubmedqa { #expect(try read(file.path, format, records: 400..<500) == Array(texts[400...])) }
    }
}
