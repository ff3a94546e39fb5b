// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import mellama

@Suite("Local paths and patterns")
struct LocalFileTests {
    /// A folder that is gone afterwards.
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        let folder = FileManager.default.temporaryDirectory.path + "/mellama-\(UInt64.random(in: .min ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(LocalPath.resolved(folder))
    }

    static func write(_ path: String, _ text: String = "x") throws {
        try FileManager.default.createDirectory(atPath: LocalPath.parent(of: path), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test(
        "Paths are made absolute and plain",
        arguments: [
            ("a/b", "/r/a/b"), ("./a//b/", "/r/a/b"), ("../a", "/a"), ("/x/../y", "/y"), ("../../..", "/"),
            ("*.txt", "/r/*.txt"),
        ])
    func absolute(_ path: String, _ expected: String) { #expect(LocalPath.absolute(path, from: "/r") == expected) }

    @Test("A root contains what is below it, and nothing that only begins alike")
    func inside() {
        #expect(LocalPath.isInside("/data/a", "/data"))
        #expect(LocalPath.isInside("/data", "/data"))
        #expect(!LocalPath.isInside("/database", "/data"))
        #expect(LocalPath.isInside("/data", "/"))
    }

    @Test("A pattern finds its files, sorted, hidden ones left out")
    func patterns() throws {
        try Self.withFolder { folder in
            for name in ["b.jsonl", "a.jsonl", "a.txt", ".hidden.jsonl", "sub/c.jsonl", "sub2/c.jsonl"] {
                try Self.write("\(folder)/\(name)")
            }
            func names(_ pattern: String) throws -> [String] {
                try LocalFiles.matches("\(folder)/\(pattern)").map { String($0.dropFirst(folder.count + 1)) }
            }
            #expect(try names("*.jsonl") == ["a.jsonl", "b.jsonl"])
            #expect(try names("*/c.jsonl") == ["sub/c.jsonl", "sub2/c.jsonl"])
            #expect(try names("s*2/*") == ["sub2/c.jsonl"])
            #expect(try names("none*").isEmpty)
            let all = try LocalFiles.files(below: folder)
            #expect(all == ["a.jsonl", "a.txt", "b.jsonl", "sub/c.jsonl", "sub2/c.jsonl"])
        }
    }

    @Test("A folder with too many files is refused")
    func bounded() throws {
        try Self.withFolder { folder in
            for number in 0..<5 { try Self.write("\(folder)/\(number)") }
            #expect(throws: MellamaError.self) { try LocalFiles.files(below: folder, limit: 4) }
        }
    }
}
