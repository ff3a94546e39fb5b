// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import NIOHTTP1
import TestSupport
import Testing

/// A user's ways through the API of a running stack.
@Suite("A user's day over HTTP")
struct JourneyTestsSerial {
    @Test("An Idempotency-Key with the same body is the same job, with another body a conflict")
    func idempotency() async throws {
        try await StackFixture.with { stack in
            func body(_ text: String, tokenizer: JSONValue) -> JSONValue {
                ["kind": "tokenize.text", "payload": ["tokenizer": tokenizer, "texts": [.string(text)]]]
            }
            let tokenizer = try await stack.tokenizer()
            let key = ["idempotency-key": "order-66"]
            let first = try await stack.gateway.post("/v1/jobs", body("fever", tokenizer: tokenizer), headers: key)
            let second = try await stack.gateway.post("/v1/jobs", body("fever", tokenizer: tokenizer), headers: key)
            let other = try await stack.gateway.post("/v1/jobs", body("cough", tokenizer: tokenizer), headers: key)
            #expect(first.status == 202 && second.status == 202)
            #expect(try first.json["id"] == second.json["id"])
            #expect(try first.json["duplicate"] == false)
            #expect(try second.json["duplicate"] == true)
            #expect(other.status == 409)
            #expect(try other.problem().type == "/problems/conflict")
            #expect(try await stack.gateway.jobs("kind=tokenize.text").count == 1)
        }
    }

    @Test("Server-sent events go on after Last-Event-ID when the gateway has been killed: none missed, none twice")
    func events() async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let id = try await stack.gateway.submit("train.pretrain", StackFixture.training(steps: 600))
            let path = "/v1/jobs/\(id)/events"
            _ = try await stack.gateway.awaitJob(id) { ($0.progress?.step ?? 0) > 20 }
            var reader = EventReader(gateway: stack.gateway, path: path)
            try await reader.read { events in events.contains { $0.kind == .progress } }
            let seen = reader.events.count
            #expect(seen > 0 && reader.endState == nil)

            try await stack.killAndAwait("gateway")
            _ = try await stack.gateway.patiently({ try await stack.gateway.get("/readyz").status }) { $0 == 200 }
            try await reader.read { _ in false }
            #expect(reader.endState == "succeeded")
            #expect(reader.events.count > seen)
            let ids = reader.events.map(\.id)
            #expect(ids == (try await stack.gateway.events("/v1/jobs/\(id)")).map(\.id))
            #expect(Set(ids).count == ids.count)
            #expect(reader.events.compactMap(\.state) == [.ready, .running, .succeeded])
        }
    }

    @Test("A running training stops soon after it is cancelled and leaves no artifact")
    func cancel() async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let id = try await stack.gateway.submit("train.pretrain", StackFixture.training(steps: 1_000_000))
            _ = try await stack.gateway.awaitJob(id) { ($0.progress?.step ?? 0) > 100 }
            let asked = ContinuousClock.now
            let answer = try await stack.gateway.send(.POST, "/v1/jobs/\(id)/cancel")
            #expect(answer.status == 202)
            let job = try await stack.gateway.awaitJob(id)
            #expect(job.state == .cancelled)
            #expect(ContinuousClock.now - asked < .seconds(10))
            #expect(job.result?.artifacts ?? [] == [])
            #expect(job.crashes == 0)
            for folder in ["sha256", "jobs", "incoming"] {
                let left = try FileManager.default.contentsOfDirectory(atPath: "\(stack.artifacts)/\(folder)")
                #expect(left.isEmpty, "\(folder) holds \(left)")
            }
            // The checkpoints go too, a moment after the state is told.
            try await eventually {
                try FileManager.default.contentsOfDirectory(atPath: "\(stack.artifacts)/workspaces").isEmpty
            }
            // The worker is free again.
            #expect(try await stack.output(of: "train.pretrain", StackFixture.training(steps: 1))["model"] != nil)
        }
    }

    @Test("An uploaded tokenizer serves tokenize.text as the one that it is a copy of")
    func upload() async throws {
        try await StackFixture.with { stack in
            let tokenizer = try await stack.tokenizer()
            let folder = try #require(tokenizer.stringValue)
            var file = try await stack.gateway.get("/v1/artifacts/\(folder)/files/tokenizer.model")
            if file.status == 404 { file = try await stack.gateway.get("/v1/artifacts/\(folder)") }
            try #require(file.status == 200)
            let upload = try await stack.gateway.send(.POST, "/v1/files", body: file.body)
            #expect(upload.status == 201)
            let id = try #require(try upload.json["id"])
            #expect(id != tokenizer)
            let texts: JSONValue = ["Fever and cough.", "", "naïve ☃ café"]
            let ids = try await stack.output(of: "tokenize.text", ["tokenizer": id, "texts": texts])
            #expect(ids == (try await stack.output(of: "tokenize.text", ["tokenizer": tokenizer, "texts": texts])))
            #expect(ids["ids"] != [[], [], []])

            // What does not arrive whole is not kept.
            let wrong = try await stack.gateway.send(
                .POST, "/v1/files?sha256=" + String(repeating: "0", count: 64), body: Data("x".utf8))
            #expect(wrong.status == 422)
            #expect(try wrong.problem().type == "/problems/digest-mismatch")
        }
    }

    @Test("Three inference workers share one queue")
    func workers() async throws {
        try await StackFixture.with(inference: 3, prepare: StackFixture.writeTokens) { stack in
            let model = try await stack.model()
            let context = JSONValue.array((0..<128).map { .integer(Int64($0 % 500 + 3)) })
            let request: JSONValue = ["contextIDs": context, "continuationIDs": context]
            let payload: JSONValue = ["model": model, "requests": .array(Array(repeating: request, count: 8))]
            var ids: [JobID] = []
            for _ in 0..<30 { ids.append(try await stack.gateway.submit("infer.score", payload)) }
            var results: Set<JSONValue> = []
            for id in ids {
                let job = try await stack.gateway.awaitJob(id)
                #expect(job.state == .succeeded)
                if let output = job.result?.output { results.insert(output) }
            }
            #expect(results.count == 1, "the same question has one answer, whoever is asked")
            let logs = try stack.logs()
            let served = (1...3).map { number in
                logs["inference-\(number).log"]?.components(separatedBy: "Attempt ended").count ?? 1
            }
            #expect(served.reduce(0) { $0 + $1 - 1 } == ids.count)
            #expect(served.count { $0 > 1 } > 1, "one worker served all: \(served)")
        }
    }
}
