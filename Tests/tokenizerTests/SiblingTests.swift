// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Synchronization
import TestSupport
import Testing

@testable import ServiceRuntime

/// Asks the tokenizer for three batches, as the evaluator asks inference.
private final class AskingHandler: JobHandler {
    let kinds: [JobKind] = [.reportBuild]
    let tokenizer: DataReference
    let answers = Mutex<[TokenizeText.Output]>([])
    let finished = Mutex<[Int]>([])

    init(tokenizer: DataReference) { self.tokenizer = tokenizer }

    func handle(_ payload: BuildReport, context: JobContext) async throws -> BuildReport.Output {
        let batches = [["a"], ["b", "a b"], []].map { TokenizeText(tokenizer: tokenizer, texts: $0) }
        let outputs = try await context.ask(.tokenizeText, batches, key: "texts") { done in
            self.finished.withLock { $0.append(done) }
        }
        answers.withLock { $0 = outputs }
        let path = try context.workspace + "/report.md"
        try Data("a report".utf8).write(to: URL(filePath: path))
        return BuildReport.Output(report: try await context.publish(path, name: "report"), text: "done")
    }
}

@Suite("Under run, questions go to the sibling executable", .timeLimit(.minutes(2)))
struct SiblingTests {
    let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "mellama-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(
            at: TokenizerCommandTests.model, to: folder.appending(path: "tokenizer.model"))
        try Data(#"{"kind": "report.build", "payload": {"results": [], "output": "out/report.md"}}"#.utf8)
            .write(to: folder.appending(path: "job.json"))
    }

    private func run(_ handler: AskingHandler) async throws -> JobResult {
        var settings = ServiceSettings()
        settings.artifacts = folder.path + "/artifacts"
        let runner = LocalRunner(
            service: "evaluator", handlers: [handler], settings: settings, base: folder.path, isQuiet: true)
        let (signals, _) = AsyncStream.makeStream(of: Int32.self)
        let out = folder.path + "/result.json"
        let succeeded = try await runner.runFile(folder.path + "/job.json", to: out, signals: signals)
        await runner.end()
        let result = try TokenizerCommandTests.result(String(contentsOfFile: out, encoding: .utf8))
        #expect(succeeded == (result.status == .succeeded))
        return result
    }

    @Test func answersComeInOrderAndPathsAreRelativeToTheJob() async throws {
        let handler = AskingHandler(tokenizer: "tokenizer.model")
        let result = try await run(handler)
        #expect(result.error == nil)
        let ids = handler.answers.withLock { $0 }.map(\.ids)
        #expect(ids.map(\.count) == [1, 2, 0])
        #expect(ids.allSatisfy { $0.allSatisfy { !$0.isEmpty } })
        #expect(handler.finished.withLock { $0 } == [1, 2, 3])
        let report = try String(contentsOf: folder.appending(path: "out/report.md"), encoding: .utf8)
        #expect(report == "a report")
        let output = try #require(result.output?["report"]?.stringValue)
        #expect(
            URL(filePath: output).resolvingSymlinksInPath()
                == folder.appending(path: "out/report.md").resolvingSymlinksInPath())
    }

    @Test func aFailedAnswerIsTheJobsError() async throws {
        let result = try await run(AskingHandler(tokenizer: "missing.model"))
        #expect(result.status == .failed)
        #expect(result.error?.type == .childFailed)
        #expect(result.error?.detail.contains("\"missing.model\" does not exist") == true)
    }
}
