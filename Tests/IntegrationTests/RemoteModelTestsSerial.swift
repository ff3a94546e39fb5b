// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

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

    @Test("An evaluation of restricted data is refused before anything is sent; one of open data is asked and counted")
    func evaluations() async throws {
        try await RemoteDesk.with { desk in
            let record = #"{"gold_label": "neutral", "sentence1": "Quasimodo", "sentence2": "x", "pairID": "1"}"#
            try Data(record.utf8).write(to: URL(filePath: "\(desk.folder)/mli_test_v1.jsonl"))
            let restricted = try await desk.run(
                .evaluateTask, "telling", ["task": "mednli", "data": "mli_test_v1.jsonl"])
            #expect(restricted.error?.type == .forbiddenData)
            #expect(restricted.error?.detail.contains("restricted") == true)
            #expect(desk.requests == [])

            let data = StackFixture.repository.appending(path: "Tests/Fixtures/benchmark/pubmedqa/test_set.json").path
            let open: [String: JSONValue] = ["task": "pubmedqa", "data": .string(data)]
            let asked = try await desk.run(.evaluateTask, "busy", open)
            try #require(asked.status == .succeeded, "\(asked.error?.description ?? "")")
            #expect(asked.output?["subject"] == "remote:busy" && asked.output?["items"] == 6)
            let usage = try #require(asked.output?["result"]?["usage"])
            // Six answers, and two refusals for want of patience, at the prices of the models' file.
            #expect(usage["requests"]?.doubleValue == 8 && usage["retries"]?.doubleValue == 2)
            #expect(usage["promptTokens"]?.doubleValue == 42 && usage["cost"]?.doubleValue == 45)
            #expect(asked.metrics["requests"] == 8 && asked.metrics["cost"] == 45)
            // What was asked once is not asked, nor paid, again.
            let count = desk.requests.count
            let again = try await desk.run(.evaluateTask, "busy", open.merging(["profile": "published"]) { $1 })
            #expect(desk.requests.count == count && again.metrics["requests"] == nil)
            #expect(again.output?["result"]?["usage"]?["cost"]?.doubleValue == 45)

            for (mode, word) in [("loglikelihood", "log-likelihoods"), ("constrained", "choices are not available")] {
                let refused = try await desk.run(
                    .evaluateTask, "silent", open.merging(["mode": .string(mode)]) { $1 })
                #expect(refused.error?.detail.contains(word) == true, "\(refused.error?.description ?? "")")
                #expect(refused.error?.detail.contains("mode generate") == true)
            }
            let held = try await desk.run(.evaluateTask, "choosing", open.merging(["mode": "constrained"]) { $1 })
            #expect(held.error?.detail.contains("none of the choices") == true)
            let unknown = try await desk.run(.evaluateTask, "nobody", open)
            #expect(unknown.error?.type == .notFound)
            let perplexity = try await desk.run(.evaluatePerplexity, "telling", ["data": ["general": "none"]])
            #expect(perplexity.error?.detail.contains("token ids") == true)
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
