// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

/// `inference run` with models behind an endpoint that does what endpoints do on bad days.
private struct RemoteDesk {
    let folder: String
    let port: UInt16
    private let server: ChildProgram

    static func with(_ body: (RemoteDesk) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "remote-\(UUID().uuidString.prefix(8))")
            .path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let desk = try RemoteDesk(folder: folder, port: LoopbackPort.free())
        defer { desk.server.end() }
        try await eventually(within: .seconds(30)) {
            (try? await StackClient(url: "http://127.0.0.1:\(desk.port)").get("/")) != nil
        }
        try await body(desk)
    }

    private init(folder: String, port: UInt16) throws {
        self.folder = folder
        self.port = port
        let script = StackFixture.repository.appending(path: "Tests/OpenAIClient/misbehaving.py").path
        server = try ChildProgram(
            ["/usr/bin/env", "python3", script, "\(port)", "\(folder)/requests.log"],
            environment: ProcessInfo.processInfo.environment, log: "\(folder)/server.log")
        let names = ["busy", "broken", "strict", "telling", "silent", "garbled", "elsewhere"]
        let models = names.map { name in
            "  \(name): {remote: {url: \"http://127.0.0.1:\(port)/v1\", model: \(name), keyVariable: REMOTE_KEY, "
                + "requestsPerMinute: 6000, promptPrice: 0.5, completionPrice: 2}}\n"
        }
        try ("models:\n" + models.joined()).write(toFile: "\(folder)/models.yaml", atomically: true, encoding: .utf8)
    }

    /// What the endpoint was asked: model, status and key of each request.
    var requests: [String] {
        let text = (try? String(contentsOfFile: "\(folder)/requests.log", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func run(_ kind: JobKind, _ model: String, _ payload: [String: JSONValue]) async throws -> JobResult {
        var payload = payload
        payload["model"] = .string("remote:\(model)")
        let message = JobMessage(kind: kind, payload: .object(payload))
        try MessageEncoder.encode(message).write(to: URL(filePath: "\(folder)/job.json"))
        let environment = [
            "MELLAMA_MODELS_FILE": "\(folder)/models.yaml", "REMOTE_KEY": "sesame",
            "MELLAMA_ARTIFACTS": "\(folder)/store",
        ]
        let command = [
            "\(StackProcess.programs)/inference", "run", "\(folder)/job.json", "--out", "\(folder)/out.json",
        ]
        _ = try await CommandRun.run(command, folder: folder, environment: environment, within: .seconds(120))
        let bytes = try Data(contentsOf: URL(filePath: "\(folder)/out.json"))
        return try MessageDecoder(policy: .lenient).decode(JobResult.self, from: MessageDecoder.parse(bytes))
    }
}

@Suite("Remote models: within their rate, again where busy, and never with restricted data", .serialized)
struct RemoteModelTestsSerial {
    private static let generate: [String: JSONValue] = ["requests": [["prompt": "Is it?", "maxTokens": 4]]]
    private static let score: [String: JSONValue] = ["requests": [["context": "A b", "continuation": " c"]]]

    @Test("Busy twice: it waits as it is told, asks again, and tells tokens, cost and retries")
    func busy() async throws {
        try await RemoteDesk.with { desk in
            let result = try await desk.run(.inferGenerate, "busy", Self.generate)
            #expect(result.status == .succeeded, "\(result.error?.description ?? "")")
            #expect(result.metrics["retries"] == 2)
            #expect(result.metrics["promptTokens"] == 7)
            #expect(result.metrics["cost"] == 7.5)
            #expect(desk.requests == ["busy 429 Bearer sesame", "busy 429 Bearer sesame", "busy 200 Bearer sesame"])
        }
    }

    @Test("Restricted data is refused before anything is sent")
    func restricted() async throws {
        try await RemoteDesk.with { desk in
            for (kind, payload) in [(JobKind.inferGenerate, Self.generate), (.inferScore, Self.score)] {
                let result = try await desk.run(kind, "telling", payload.merging(["restricted": true]) { $1 })
                #expect(result.status == .failed)
                #expect(result.error?.type == .forbiddenData)
            }
            #expect(desk.requests == [])
        }
    }

    @Test("Log-likelihoods where they are told; a clear error that names the model where not")
    func scores() async throws {
        try await RemoteDesk.with { desk in
            let told = try await desk.run(.inferScore, "telling", Self.score)
            let score = try #require(told.output?["results"])
            #expect(score == [["logLikelihood": -0.25, "tokenCount": 1, "isGreedy": false]])
            let untold = try await desk.run(.inferScore, "silent", Self.score)
            #expect(untold.error?.type == .badInput)
            #expect(untold.error?.detail.contains("remote:silent tells no log-likelihoods") == true)
        }
    }

    @Test("What is broken for good ends, with its status and no word of the prompt")
    func broken() async throws {
        try await RemoteDesk.with { desk in
            for (model, count) in [("broken", 6), ("strict", 1), ("elsewhere", 1)] {
                let result = try await desk.run(.inferGenerate, model, Self.generate)
                #expect(result.status == .failed)
                #expect(result.error?.retryable == (model == "broken"))
                #expect(result.error?.detail.contains("Is it") == false)
                #expect(desk.requests.filter { $0.hasPrefix(model) }.count == count)
            }
            let garbled = try await desk.run(.inferGenerate, "garbled", Self.generate)
            #expect(garbled.error?.retryable == true)
            let unknown = try await desk.run(.inferGenerate, "nobody", Self.generate)
            #expect(unknown.error?.type == .notFound)
        }
    }

    @Test("Our own gateway as the remote: the same answer and the same log-likelihood as here")
    func ourselves() async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let model = try await stack.talkingModel()
            try "models:\n  own: {remote: {url: \"\(stack.gateway.url)/v1\", model: \"\(model)\"}}\n".write(
                toFile: "\(stack.folder)/models.yaml", atomically: true, encoding: .utf8)
            let questions: [(JobKind, JSONValue)] = [
                (.inferGenerate, [["prompt": "fever and cough", "maxTokens": 12, "temperature": 0]]),
                (.inferScore, [["context": "fever and", "continuation": " cough"]]),
            ]
            for (kind, requests) in questions {
                let here = try await stack.output(of: kind, ["model": .string(model), "requests": requests])
                let message = JobMessage(kind: kind, payload: ["model": "remote:own", "requests": requests])
                try MessageEncoder.encode(message).write(to: URL(filePath: "\(stack.folder)/job.json"))
                _ = try await CommandRun.run(
                    [
                        "\(StackProcess.programs)/inference", "run", "\(stack.folder)/job.json", "--out",
                        "\(stack.folder)/out.json",
                    ], folder: stack.folder, environment: ["MELLAMA_MODELS_FILE": "\(stack.folder)/models.yaml"])
                let bytes = try Data(contentsOf: URL(filePath: "\(stack.folder)/out.json"))
                let there = try MessageDecoder(policy: .lenient).decode(
                    JobResult.self, from: MessageDecoder.parse(bytes))
                try #require(there.status == .succeeded, "\(there.error?.description ?? "")")
                guard case .array(let own)? = here["results"], case .array(let remote)? = there.output?["results"]
                else {
                    Issue.record("no results")
                    return
                }
                #expect(remote[0]["text"] == own[0]["text"])
                #expect(remote[0]["tokenCount"] == own[0]["tokenCount"])
                let (a, b) = (remote[0]["logLikelihood"]?.doubleValue, own[0]["logLikelihood"]?.doubleValue)
                #expect(abs((a ?? 0) - (b ?? 0)) < 1e-3)
            }
        }
    }
}
