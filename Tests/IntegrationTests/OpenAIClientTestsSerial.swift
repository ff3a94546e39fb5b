// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// The `openai` package of PyPI, in an environment of its own that is kept below `.build`.
enum OpenAIPackage {
    private static let version = "3.54.0"
    private static let folder = StackFixture.repository.appending(path: ".build/openai-\(version)").path
    static var python: String { "\(folder)/bin/python" }

    /// Why it can't be had, or nil once it is there.
    static let problem: String? = installed()

    private static func installed() -> String? {
        let mark = "\(folder)/installed"
        if FileManager.default.fileExists(atPath: mark) { return nil }
        guard run("python3 -m venv '\(folder)'") else { return "python3 makes no environment here" }
        guard run("'\(folder)/bin/pip' install --quiet --retries 1 --timeout 20 openai==\(version)") else {
            return "PyPI can't be reached"
        }
        return FileManager.default.createFile(atPath: mark, contents: nil) ? nil : "\(mark) can't be written"
    }

    private static func run(_ command: String) -> Bool { system("\(command) > /dev/null 2>&1") == 0 }
}

@Suite(
    "The official OpenAI client works against the gateway", .serialized,
    .enabled(if: OpenAIPackage.problem == nil, "the openai package can't be had: \(OpenAIPackage.problem ?? "")"))
struct OpenAIClientTestsSerial {
    @Test("Chat, completions, streams, log-probabilities, models and errors")
    func client() async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let model = try await stack.talkingModel()
            let run = try await CommandRun.run(
                [
                    OpenAIPackage.python, StackFixture.repository.appending(path: "Tests/OpenAIClient/check.py").path,
                    "\(stack.gateway.url)/v1", model, "--template", "plain",
                ], folder: stack.folder, within: .seconds(240))
            #expect(run.exitCode == 0, "\(run.printed)")
            #expect(run.printed.contains("all holds"))
        }
    }
}

extension StackFixture {
    /// The artifact of a model with a tokenizer: it knows nothing, and talks.
    func talkingModel() async throws -> String {
        var payload = Self.training(steps: 1)
        if case .object(var members) = payload {
            members["model"] = ["configuration": Self.configuration, "seed": 1, "tokenizer": try await tokenizer()]
            payload = .object(members)
        }
        guard let model = try await output(of: .trainPretrain, payload)["model"]?.stringValue else {
            throw StackError("no model in the output")
        }
        return model
    }
}
