// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import TestSupport
import Testing

@Suite("Evaluations through the queue: a remote model as one's own, summaries by an encoder", .serialized)
struct EvaluationTestsSerial {
    private static let modes = ["generate", "loglikelihood", "constrained"]

    private static func prepare(_ folder: String) throws {
        try StackFixture.writeTokens(to: folder)
        let fixtures = OutsideData.fixtures
        for (source, name) in [("benchmark/pubmedqa/test_set.json", "pubmedqa.json"), ("encoders/bert", "encoder")] {
            try FileManager.default.copyItem(
                at: fixtures.appending(path: source), to: URL(filePath: "\(folder)/\(name)"))
        }
        let abstract = #""abstract_text": ["<S> The heart is normal. </S>"]"#
        try Data("{\"article_id\": \"1\", \"article_text\": [\"An article.\"], \(abstract)}".utf8).write(
            to: URL(filePath: "\(folder)/test.txt"))
    }

    private func evaluation(_ model: String, _ mode: String) -> JSONValue {
        ["model": .string(model), "task": "pubmedqa", "data": "pubmedqa.json", "mode": .string(mode), "maxTokens": 8]
    }

    private func output(_ id: JobID, on stack: StackFixture) async throws -> JSONValue {
        let job = try await stack.gateway.awaitJob(id, within: .seconds(120))
        return try #require(job.result?.output, "\(job.error?.description ?? "no error told")")
    }

    @Test("The gateway's own /v1 as the endpoint: every mode scores as asked directly, and is counted")
    func remote() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "models-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let names = "\(folder)/models.yaml"
        try Data("models: {}\n".utf8).write(to: URL(filePath: names))
        try await StackFixture.with(
            environment: ["MELLAMA_MODELS_FILE": names], prepare: Self.prepare
        ) { stack in
            let model = try await stack.talkingModel()
            let forms = ["response_format", "json_schema"].map { form in
                "  \(form): {remote: {url: \"\(stack.gateway.url)/v1\", model: \"\(model)\", requestsPerMinute: 60000, "
                    + "contextLength: 512, promptPrice: 0.001, choicesBy: \(form)}}\n"
            }
            try Data(("models:\n" + forms.joined()).utf8).write(to: URL(filePath: names))
            // Services read the names at their start.
            for child in try stack.note.children.keys where child.hasPrefix("inference") || child.hasPrefix("evaluator")
            {
                try await stack.killAndAwait(child)
            }
            for mode in Self.modes {
                let own = try await output(stack.gateway.submit(.evaluateTask, evaluation(model, mode)), on: stack)
                let remote = try await output(
                    stack.gateway.submit(.evaluateTask, evaluation("remote:response_format", mode)), on: stack)
                #expect(remote["subject"] == "remote:response_format")
                #expect(remote["parseRate"] == own["parseRate"] && remote["metrics"] == own["metrics"], "\(mode)")
                #expect(remote["result"]?["outcomes"] == own["result"]?["outcomes"], "\(mode)")
                #expect(own["truncated"] == 0 && remote["truncated"] == 0)
                let usage = try #require(remote["result"]?["usage"])
                // A request an answer; a log-likelihood is one for each of three labels.
                #expect(usage["requests"]?.doubleValue == (mode == "loglikelihood" ? 18 : 6))
                let tokens = usage["promptTokens"]?.doubleValue ?? 0
                #expect(tokens > 100 && abs((usage["cost"]?.doubleValue ?? 0) - tokens / 1000) < 1e-6)
                #expect(own["result"]?["usage"] == nil)
            }
            let json = try await output(
                stack.gateway.submit(.evaluateTask, evaluation("remote:json_schema", "constrained")), on: stack)
            #expect(json["parseRate"] == 1)

            let summaries: JSONValue = [
                "model": .string(model), "task": "pubmed-summarization", "data": "test.txt", "maxTokens": 8,
                "encoder": ["model": "encoder", "layer": 2],
            ]
            let summary = try await output(stack.gateway.submit(.evaluateTask, summaries), on: stack)
            let score = try #require(summary["metrics"]?["bertScore"]?["value"]?.doubleValue)
            #expect(score > -1 && score <= 1 && score != 0)
            #expect(
                summary["result"]?["bertScore"]?["hash"]?.stringValue?.hasSuffix("_L2_no-idf_version=1(mellama)")
                    == true)
        }
    }
}
