// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs
import Logging
import Messages
import NIOHTTP1
import Redis
import TestSupport
import Testing

/// Clinical text lives in payloads, results and artifacts. A word that occurs nowhere else is sent through the whole
/// stack, in work that succeeds and in work that fails, and must be found nowhere else.
@Suite("A patient's words are in no log, event, metric or error")
struct CanaryTestsSerial {
    private static let canary = "Xyzzyqueloid"

    /// What is written into the data root: good text, and the ways in which files go bad.
    private static func prepare(_ folder: String) throws {
        func write(_ name: String, _ bytes: Data) throws { try bytes.write(to: URL(filePath: "\(folder)/\(name)")) }
        let lines = (0..<400).map { "{\"text\": \"Note \($0): the patient \(canary) has fever, day \($0 % 9).\"}\n" }
        try write("notes.jsonl", Data(lines.joined().utf8))
        try write("broken.jsonl", Data("{\"text\": \"\(canary)\"}\n{\"text\": \(canary)}\n".utf8))
        try write("latin.jsonl", Data("{\"text\": \"\(canary) caf".utf8) + [0xE9] + Data("\"}\n".utf8))
        try write(
            "benchmark.json", Data("{\"1\": {\"QUESTION\": \"\(canary)?\", \"final_decision\": \"\(canary)\"}}".utf8))
        try write("tokenizer.model", Data(canary.utf8))
        try StackFixture.writeTokens(to: folder)
    }

    @Test("The canary is where it belongs and nowhere else")
    func canary() async throws {
        let collector = try CollectorFixture()
        defer { collector.stop() }
        let environment = [
            "MELLAMA_LOG_LEVEL": "debug", "MELLAMA_OTLP_ENDPOINT": "http://127.0.0.1:\(collector.port)",
        ]
        try await StackFixture.with(environment: environment, prepare: Self.prepare) { stack in
            var said: [String] = []
            let jobs = try await work(stack) + fail(stack, &said)
            for id in jobs {
                let job = try await stack.gateway.job(id)
                said += [job.error, job.result?.error].compactMap { $0 }.map { "\($0)" }
                said.append(String(decoding: try await stack.gateway.get("/v1/jobs/\(id)/events").body, as: UTF8.self))
            }
            said.append(String(decoding: try await stack.gateway.get("/metrics").body, as: UTF8.self))
            for port in try stack.note.adminPorts.values {
                let page = try await StackClient(url: "http://127.0.0.1:\(port)").get("/metrics")
                said.append(String(decoding: page.body, as: UTF8.self))
            }
            try await eventually(within: .seconds(30)) { collector.bodies.joined().contains("\(jobs[0])") }
            said += collector.bodies
            said += try stack.manifests()
            for (name, log) in try stack.logs() {
                #expect(name.isEmpty || !log.contains(Self.canary), "\(name) quotes a document")
            }
            for text in said { #expect(!text.contains(Self.canary), "\(text.prefix(1_000))") }
            // In Redis it is where the documents say that text is, and nowhere else.
            let places = try await stack.places(of: Self.canary)
            #expect(places.contains { $0.field == "payload" } && places.contains { $0.field == "result" }, "\(places)")
            #expect(places.allSatisfy { $0.isJob && ["payload", "result"].contains($0.field) }, "\(places)")
            // The word did go through: Redis holds the payloads, in a folder that only the stack's user may enter.
            #expect(try stack.redisFilesHold(Self.canary))
            // What is purged is in Redis no more; its file follows when it is rewritten.
            let broker = RedisJobBroker(
                configuration: RedisConfiguration(endpoint: .unix(path: stack.redisSocket)),
                logger: Logger(label: "test"))
            for id in jobs { try await broker.purge(id) }
            await broker.close()
            let left = try await stack.places(of: Self.canary)
            #expect(left.isEmpty, "\(left)")
            for id in jobs { #expect(try await stack.gateway.job(id).state.isTerminal) }
            try await stack.rewriteAppendOnlyFile()
            #expect(try !stack.redisFilesHold(Self.canary))
        }
    }

    /// Work that succeeds. Returns its jobs.
    private func work(_ stack: StackFixture) async throws -> [JobID] {
        let gateway = stack.gateway
        let text = JSONValue.string("\(Self.canary) has fever.")
        let vocabulary = try await gateway.submit(
            "tokenize.train", ["sources": ["notes.jsonl", "demo/corpus/clinical.jsonl"], "vocabularySize": 512])
        let tokenizer = try #require(try await gateway.awaitJob(vocabulary).result?.output?["tokenizer"])
        let source: JSONValue = ["name": "notes", "domain": "clinical", "path": "notes.jsonl", "format": "jsonl"]
        let corpus = try await gateway.submit(
            "tokenize.corpus",
            [
                "tokenizer": tokenizer, "sources": [source], "mix": ["clinical": 1], "tokens": 4_000,
                "sequenceLength": 64, "seed": 1,
            ])
        let dataset = try #require(try await gateway.awaitJob(corpus).result?.output?["dataset"])
        var training = StackFixture.training(steps: 2)
        if case .object(var members) = training {
            members["tokens"] = nil
            members["dataset"] = dataset
            members["recipe"] = ["maxSteps": 2, "sequenceLength": 64, "microBatch": 2, "learningRate": 0.001]
            training = .object(members)
        }
        let base = try await gateway.submit("train.pretrain", training)
        let model = try #require(try await gateway.awaitJob(base).result?.output?["model"])
        let ids = [
            try await gateway.submit("tokenize.text", ["tokenizer": tokenizer, "texts": [text]]),
            try await gateway.submit(
                "infer.generate", ["model": model, "requests": [["prompt": text, "maxTokens": 4]]]),
            try await gateway.submit(
                "infer.score", ["model": model, "requests": [["context": text, "continuation": text]]]),
            // Its answer has the word, whichever it is.
            try await gateway.submit(
                "infer.generate",
                [
                    "model": model,
                    "requests": [
                        ["prompt": text, "choices": [.string("\(Self.canary) yes"), .string("\(Self.canary) no")]]
                    ],
                ]),
        ]
        for id in ids {
            let job = try await gateway.awaitJob(id)
            #expect(job.state == .succeeded, "\(job.kind): \(job.error?.description ?? "")")
        }
        return [vocabulary, corpus, base] + ids
    }

    /// Work that fails, and requests that are refused. Returns the jobs; adds what the refusals said.
    private func fail(_ stack: StackFixture, _ said: inout [String]) async throws -> [JobID] {
        let gateway = stack.gateway
        for body in [
            "{\"kind\": \"tokenize.text\", \"payload\": {\"texts\": [\"\(Self.canary)\"",
            "{\"kind\": \"tokenize.text\", \"payload\": {\"tokenizer\": \"tokenizer.model\", \"texts\": \"\(Self.canary)\"}}",
            "{\"kind\": \"tokenize.text\", \"payload\": {\"texts\": [\"\(Self.canary)\"]}}",
            "{\"kind\": \"infer.generate\", \"payload\": {\"model\": \"demo\", \"requests\": [{\"prompt\": \"\(Self.canary)\", "
                + "\"maxTokens\": \"\(Self.canary)\"}]}}",
        ] {
            let answer = try await gateway.send(
                .POST, "/v1/jobs", body: Data(body.utf8), headers: ["content-type": "application/json"])
            #expect((400..<500).contains(answer.status))
            said.append(String(decoding: answer.body, as: UTF8.self))
        }
        let tokenizer = try await stack.tokenizer()
        let model = try await stack.model()
        let corpora = ["broken.jsonl", "latin.jsonl"].map { name -> (JobKind, JSONValue) in
            let source: JSONValue = ["name": "notes", "domain": "clinical", "path": .string(name), "format": "jsonl"]
            return (
                "tokenize.corpus",
                [
                    "tokenizer": tokenizer, "sources": [source], "mix": ["clinical": 1], "tokens": 1_000,
                    "sequenceLength": 64, "seed": 1,
                ]
            )
        }
        let long = JSONValue.string(String(repeating: "\(Self.canary) ", count: 2_000))
        let cases: [(JobKind, JSONValue)] =
            corpora + [
                ("tokenize.text", ["tokenizer": "tokenizer.model", "texts": [.string(Self.canary)]]),
                ("evaluate.task", ["model": model, "task": "pubmedqa", "data": "benchmark.json", "mode": "generate"]),
                ("infer.generate", ["model": model, "requests": [["prompt": long, "maxTokens": 4]]]),
                ("infer.score", ["model": model, "requests": [["context": long, "continuation": long]]]),
            ]
        var ids: [JobID] = []
        for (kind, payload) in cases {
            let id = try await gateway.submit(kind, payload)
            let job = try await gateway.awaitJob(id)
            #expect(job.state == .failed, "\(kind) \(payload): \(job.state)")
            #expect(job.error?.detail.isEmpty == false)
            ids.append(id)
        }
        return ids
    }
}
