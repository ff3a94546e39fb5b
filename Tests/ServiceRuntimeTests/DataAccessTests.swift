// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import Messages
import ServiceRuntime
import Testing

@Suite("A job reads and writes only below the data roots")
struct DataAccessTests {
    /// Runs a handler body that may throw a `JobFailure`, in a stack whose data root is `<folder>/data`.
    static func attempt(
        output: String? = nil, prepare: (String) throws -> Void = { _ in },
        _ body: @escaping @Sendable (JobContext, String) async throws -> String
    ) async throws -> (text: String?, failure: JobFailure?) {
        try await Stack.inFolder { folder in
            let stack = try Stack(folder: folder)
            try prepare(folder)
            let set = stack.handlers([
                ClosureHandler { _, context in
                    Square.Output(square: 0, padding: try await body(context, folder))
                }
            ])
            let output = output?.replacingOccurrences(of: "FOLDER", with: folder)
            let outcome = await set.handle(
                try stack.envelope(Square(number: 1), output: output), control: JobControl())
            return (outcome.result?.output?["padding"]?.stringValue, outcome.failure)
        }
    }

    static func write(_ path: String, _ text: String = "x") throws {
        let url = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    @Test func filesBelowARootAreFoundByAbsoluteAndRelativePaths() async throws {
        let found = try await Self.attempt(prepare: { try Self.write($0 + "/data/a/b.txt") }) { context, folder in
            let absolute = try context.resolve(.path(folder + "/data/a/../a/b.txt"))
            let relative = try context.resolve(.path("a/b.txt"))
            #expect(absolute == relative && absolute == folder + "/data/a/b.txt")
            return "ok"
        }
        #expect(found.text == "ok")
    }

    @Test(
        "Everything else is forbidden",
        arguments: [
            "/etc/passwd", "../secret", "a/../../secret", "FOLDER/secret", "FOLDER/data/../secret", "FOLDER/database/x",
            "link", "folderlink/secret", "missing/../../secret", "",
        ])
    func forbidden(path: String) async throws {
        let found = try await Self.attempt(prepare: { folder in
            try Self.write(folder + "/secret")
            try Self.write(folder + "/database/x")
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: folder + "/data/link", withDestinationPath: folder + "/secret")
            try manager.createSymbolicLink(atPath: folder + "/data/folderlink", withDestinationPath: folder)
        }) { context, folder in
            try context.resolve(.path(path.replacingOccurrences(of: "FOLDER", with: folder)))
        }
        #expect(found.failure?.type == .forbiddenPath)
        #expect(found.failure?.retryable == false)
    }

    @Test func aMissingFileIsNotFoundAndNamed() async throws {
        let found = try await Self.attempt { context, _ in try context.resolve(.path("corpus/a.txt")) }
        #expect(found.failure?.type == .notFound)
        #expect(found.failure?.detail.contains("corpus/a.txt") == true)
        let artifact = try await Self.attempt { context, _ in
            try context.resolve(.artifact(ArtifactID("sha256:" + String(repeating: "0", count: 64))))
        }
        #expect(artifact.failure?.type == .notFound)
    }

    @Test func patternsStandForManyFiles() async throws {
        let found = try await Self.attempt(prepare: { folder in
            for name in ["b.jsonl", "a.jsonl", "c.txt", ".hidden.jsonl", "deep/d.jsonl"] {
                try Self.write(folder + "/data/corpus/" + name)
            }
        }) { context, folder in
            let names = try context.resolveAll(.path("corpus/*.jsonl")).map { $0.dropFirst(folder.count + 6) }
            let deep = try context.resolveAll(.path("*/*/*.jsonl"))
            #expect(deep.count == 1)
            #expect(throws: JobFailure.self) { try context.resolveAll(.path("corpus/*.csv")) }
            return names.joined(separator: " ")
        }
        #expect(found.text == "corpus/a.jsonl corpus/b.jsonl")
    }

    @Test func aPatternDoesNotFollowLinksOut() async throws {
        let found = try await Self.attempt(prepare: { folder in
            try Self.write(folder + "/secret.txt")
            try FileManager.default.createSymbolicLink(
                atPath: folder + "/data/link.txt", withDestinationPath: folder + "/secret.txt")
        }) { context, _ in try context.resolveAll(.path("*.txt")).joined() }
        #expect(found.failure?.type == .forbiddenPath)
    }

    @Test func outputGoesWhereThePayloadSays() async throws {
        let found = try await Self.attempt(output: "FOLDER/data/out") { context, folder in
            let work = try context.workspace
            try Self.write(work + "/model/config.json", "{}")
            try Self.write(work + "/rows", "r")
            let model = try await context.publish(work + "/model", name: "model")
            let rows = try await context.publish(work + "/rows", name: "rows.jsonl", insideOutput: true)
            #expect(model == .path(folder + "/data/out") && rows == .path(folder + "/data/out/rows.jsonl"))
            return try String(contentsOfFile: folder + "/data/out/config.json", encoding: .utf8)
                + String(contentsOfFile: folder + "/data/out/rows.jsonl", encoding: .utf8)
        }
        #expect(found.text == "{}r")
    }

    @Test func outputReplacesNothingOfOthersAndLeavesTheRootsAlone() async throws {
        let publish: @Sendable (JobContext, String) async throws -> String = { context, _ in
            let path = try context.workspace + "/x"
            try Self.write(path)
            return try await context.publish(path, name: "x").text
        }
        let taken = try await Self.attempt(
            output: "FOLDER/data/old.txt", prepare: { try Self.write($0 + "/data/old.txt", "old") }, publish)
        #expect(taken.failure?.type == .badInput)
        let outside = try await Self.attempt(output: "FOLDER/elsewhere", publish)
        #expect(outside.failure?.type == .forbiddenPath)
    }

    @Test func messagesAreCheckedBeforeTheyAreAccepted() throws {
        let roots = DataRoots(["/srv/data", "/mnt/more/"])
        func message(_ path: String, output: JSONValue? = nil) -> JobMessage {
            var payload: [String: JSONValue] = ["tokenizer": .string(path), "texts": []]
            payload["output"] = output
            return JobMessage(kind: .tokenizeText, payload: .object(payload))
        }
        for path in ["/srv/data/t", "t/tokenizer.model", "/mnt/more/t", "sha256:" + String(repeating: "0", count: 64)] {
            try roots.check(message(path))
        }
        for path in ["/srv/database", "/srv/data/../x", "../x", "/mnt/more/../../etc/passwd"] {
            #expect(throws: JobFailure.self) { try roots.check(message(path)) }
        }
        #expect(throws: JobFailure.self) { try roots.check(message("t", output: "/tmp/x")) }
        #expect(throws: JobFailure.self) { try DataRoots([]).check(message("t")) }
    }
}
