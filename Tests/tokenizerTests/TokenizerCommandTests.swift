// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import ServiceRuntime
import TestSupport
import Testing

@Suite("tokenizer run does one job with no queue", .timeLimit(.minutes(2)))
struct TokenizerCommandTests {
    static let model = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/tokenization/plain/tokenizer.model")
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mellama-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder.appending(path: "models/tiny"), withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: Self.model, to: folder.appending(path: "models/tiny/tokenizer.model"))
    }

    func job(_ text: String) throws -> String {
        let file = folder.appending(path: "job.json")
        try Data(text.utf8).write(to: file)
        return file.path
    }

    static func result(_ text: String) throws -> JobResult {
        try MessageDecoder(policy: .lenient).decode(JobResult.self, from: MessageDecoder.parse(Data(text.utf8)))
    }

    static let good = #"{"kind": "tokenize.text", "payload": {"tokenizer": "models/tiny", "texts": ["a b", ""]}}"#

    @Test func aJobFileGivesAResult() throws {
        let run = try ServiceProcess.run(["run", job(Self.good)])
        #expect(run.status == 0)
        let ids = try TokenizeText.Output(Self.result(run.output)).ids
        #expect(ids.count == 2 && !ids[0].isEmpty && ids[1].isEmpty)
        // The same tokenizer named by its file, with BOS, into a file.
        let out = folder.appending(path: "result.json")
        let text =
            #"{"kind": "tokenize.text", "version": 1, "payload": {"tokenizer": "models/tiny/tokenizer.model", "#
            + #""texts": ["a b"], "addBOS": true}}"#
        let again = try ServiceProcess.run(["run", job(text), "--out", out.path, "--quiet"])
        #expect(again.status == 0 && again.output.isEmpty && again.errors.isEmpty)
        let result = try Self.result(String(contentsOf: out, encoding: .utf8))
        #expect(try TokenizeText.Output(result).ids == [[1] + ids[0]])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [
                "job.json", "models", "result.json",
            ])
    }

    @Test(
        "A bad job is one line on stderr and exit 1",
        arguments: [
            (#"{"kind": "tokenize.text""#, "the body is not valid JSON"),
            (
                #"{"kind": "tokenize.text", "payload": {"tokenizr": "x", "texts": []}}"#,
                #"unknown field "tokenizr"; did you mean "tokenizer"?"#
            ),
            (#"{"kind": "tokenise.text", "payload": {}}"#, #"did you mean "tokenize.text"?"#),
            (
                #"{"kind": "report.build", "payload": {"results": []}}"#,
                "tokenizer does not do report.build; give it to evaluator"
            ),
            (
                #"{"kind": "tokenize.text", "payload": {"tokenizer": "models/none", "texts": []}}"#,
                "\"models/none\" does not exist"
            ),
            (
                #"{"kind": "tokenize.text", "payload": {"tokenizer": "job.json", "texts": []}}"#, "payload.tokenizer: "
            ),
        ])
    func badJobs(text: String, expected: String) throws {
        let run = try ServiceProcess.run(["run", job(text)])
        #expect(run.status == 1)
        #expect(run.errors.contains(expected), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    @Test func linesAreAnsweredOneByOne() async throws {
        let process = try ServiceProcess(["run", "-", "--base", folder.path])
        try process.write(Self.good + "\n")
        // Answered before the input ends: that is how a sibling asks.
        #expect(try await ServiceProcess.wait { process.printed.hasSuffix("\n") })
        try process.write("nonsense\n\n" + Self.good.replacingOccurrences(of: "tiny", with: "none") + "\n" + Self.good)
        let run = try process.finish()
        #expect(run.status == 1)
        let results = try run.output.split(separator: "\n").map { try Self.result(String($0)) }
        #expect(results.map(\.status) == [.succeeded, .failed, .failed, .succeeded])
        #expect(results.map { $0.error?.type } == [nil, .badInput, .notFound, nil])
    }

    @Test func usageErrorsExitWith64() throws {
        for arguments in [["run"], ["--nonsense"], ["run", "a", "b"], ["serve", "--concurrency", "none"]] {
            #expect(try ServiceProcess.run(arguments).status == 64, "\(arguments)")
        }
        let version = try ServiceProcess.run(["--version"])
        #expect(version.status == 0 && version.output == Release.version + "\n")
        let help = try ServiceProcess.run(["--help"])
        #expect(help.status == 0 && help.output.contains("serve (default)") && help.output.contains("run"))
    }

    @Test func aFullDiskLeavesNoHalfWrittenResult() throws {
        // The shell's limit on file sizes stands in for a full disk; the id list is longer than its one block.
        let texts = String(repeating: "\"abc def ghi\", ", count: 400) + "\"\""
        let text = #"{"kind": "tokenize.text", "payload": {"tokenizer": "models/tiny", "texts": [\#(texts)]}}"#
        let out = folder.appending(path: "result.json")
        let run = try ServiceProcess.run(["run", job(text), "--out", out.path, "--quiet"], shell: "ulimit -f 1")
        #expect(run.status == 1)
        #expect(run.errors.contains("File too large") && run.errors.contains("free space"), "\(run.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["job.json", "models"])
    }

    @Test("Signals end it gracefully", arguments: [SIGTERM, SIGINT])
    func signals(number: Int32) async throws {
        let process = try ServiceProcess(["run", "-", "--base", folder.path])
        try process.write(Self.good + "\n")
        #expect(try await ServiceProcess.wait { process.printed.hasSuffix("\n") })
        process.signal(number)
        #expect(try process.finish(closingInput: false).status == 128 + number)
    }
}

extension TokenizeText.Output {
    init(_ result: JobResult) throws {
        self = try MessageDecoder(policy: .strict).decode(Self.self, from: result.output ?? .null)
    }
}
