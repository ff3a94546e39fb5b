// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import ServiceRuntime
import Testing

@testable import gateway

@Suite("OpenAI's completions: a request becomes a job, its result the answer")
struct CompletionTests {
    /// A body of a chat, and one of a completion; `model` lies in the data root.
    static func chat(_ fixture: GatewayFixture, _ more: JSONValue = [:]) -> JSONValue {
        merge(
            ["model": .string(fixture.data + "/m"), "messages": [["role": "user", "content": "Is it fever?"]]], more)
    }

    static func completion(_ fixture: GatewayFixture, _ more: JSONValue = [:]) -> JSONValue {
        merge(["model": .string(fixture.data + "/m"), "prompt": "Fever is"], more)
    }

    private static func merge(_ a: JSONValue, _ b: JSONValue) -> JSONValue {
        .object(OpenAPITests.members(a).merging(OpenAPITests.members(b)) { $1 })
    }

    /// Asks while a worker answers; gives the response, and what the worker got.
    static func exchange(
        _ fixture: GatewayFixture, _ uri: String, _ body: JSONValue, headers: HTTPFields = [:],
        worker: @escaping @Sendable (AnsweringWorker, JobEnvelope) async throws -> Void
    ) async throws -> (TestResponse, GenerateText) {
        try await fixture.live { client in
            try await withThrowingTaskGroup(of: GenerateText?.self) { group in
                let worker = worker
                let broker = fixture.broker
                group.addTask {
                    let hand = AnsweringWorker(broker: broker)
                    let job = try await hand.claim()
                    try await worker(hand, job)
                    return try AnsweringWorker.payload(job)
                }
                let response = try await client.call(uri: uri, method: .post, headers: headers, body: body.body)
                if response.status.code >= 400, response.status.code != 404, response.status.code != 500 {
                    group.cancelAll()
                }
                guard let payload = try await group.next() ?? nil else { throw CancellationError() }
                return (response, payload)
            }
        }
    }

    @Test("A chat is a job with the messages, and its answer a message with usage")
    func chat() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.chat(
                fixture,
                ["temperature": 0, "max_completion_tokens": 7, "seed": 5, "stop": "\n", "n": 2, "user": "anna"])
            let (response, payload) = try await Self.exchange(fixture, "/v1/chat/completions", body) { worker, job in
                #expect(job.priority == 10)
                #expect(job.deadline != nil)
                try await worker.complete(
                    job, [AnsweringWorker.result(["Ye", "s."]), AnsweringWorker.result(["No."])])
            }
            #expect(response.status == .ok)
            #expect(payload.model == .stored(DataReference(fixture.data + "/m")))
            #expect(payload.stream == nil)
            #expect(payload.requests.count == 2)
            #expect(payload.requests[0].messages == [ChatMessage(role: .user, content: "Is it fever?")])
            #expect(payload.requests.map(\.seed) == [5, 6])
            #expect(payload.requests[0].maxTokens == 7)
            #expect(payload.requests[0].temperature == 0)
            #expect(payload.requests[0].stop == ["\n"])
            let json = try response.json
            #expect(json["object"] == "chat.completion")
            #expect(json["usage"] == ["prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6])
            guard case .array(let choices)? = json["choices"] else {
                Issue.record("no choices")
                return
            }
            #expect(choices.count == 2)
            #expect(choices[0]["message"]?["content"] == "Yes.")
            #expect(choices[0]["finish_reason"] == "stop")
            #expect(choices[0]["logprobs"] == .null)
            #expect(choices[1]["index"] == 1)
        }
    }

    @Test("What was asked and answered is purged once the client has it")
    func purged() async throws {
        try await GatewayFixture.with { fixture in
            let (_, _) = try await Self.exchange(fixture, "/v1/completions", Self.completion(fixture)) { worker, job in
                try await worker.complete(job, [AnsweringWorker.result(["hot"])])
            }
            var isPurged = false
            for _ in 0..<600 where !isPurged {
                let page = try await fixture.broker.jobs(JobFilter(limit: 1))
                let job = try #require(page.jobs.first)
                isPurged = try await fixture.broker.job(job.id)?.result == nil
                #expect(job.state == .succeeded)
                if !isPurged { try await Task.sleep(for: .milliseconds(50)) }
            }
            #expect(isPurged)
        }
    }

    @Test(
        "Prompts as a text, texts, ids and lists of ids",
        arguments: [(#""Fever is""#, 1), (#"["a", "b"]"#, 2), ("[1, 2, 3]", 1), ("[[1, 2], [3]]", 2)])
    func prompts(text: String, count: Int) async throws {
        let prompt = try MessageDecoder.parse(Array(text.utf8))
        try await GatewayFixture.with { fixture in
            let body = Self.completion(fixture, ["prompt": prompt])
            let (response, payload) = try await Self.exchange(fixture, "/v1/completions", body) { worker, job in
                try await worker.complete(job, (0..<count).map { AnsweringWorker.result(["\($0)"], promptTokens: 2) })
            }
            #expect(payload.requests.count == count)
            #expect(payload.requests[0].maxTokens == 16)
            #expect(payload.requests[0].temperature == 1)
            #expect(payload.requests[0].seed != nil)
            let json = try response.json
            #expect(json["object"] == "text_completion")
            #expect(json["usage"]?["prompt_tokens"] == .integer(Int64(2 * count)))
            guard case .array(let choices)? = json["choices"] else {
                Issue.record("no choices")
                return
            }
            #expect(choices.map { $0["text"] } == (0..<count).map { .string("\($0)") })
        }
    }

    @Test("As evaluation tools ask: echo, logprobs and no tokens tell how likely the prompt is")
    func echo() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.completion(
                fixture,
                ["prompt": [[5, 6, 7]], "max_tokens": 0, "echo": true, "logprobs": 1, "temperature": 0, "seed": 1234])
            let (response, payload) = try await Self.exchange(fixture, "/v1/completions", body) { worker, job in
                var result = GenerationResult(text: "", ids: [], finishReason: .length, logprobs: [], promptTokens: 3)
                result.promptLogprobs = PromptLogprobs(
                    ids: [5, 6, 7], tokens: ["A", " b", "é"], logprobs: [nil, -0.25, -2],
                    topLogprobs: [[], [TokenLogprob(id: 6, text: " b", logprob: -0.25)], []])
                try await worker.complete(job, [result])
            }
            #expect(payload.requests[0].promptLogprobs == true)
            #expect(payload.requests[0].logprobs == 1)
            #expect(payload.requests[0].maxTokens == 0)
            guard case .array(let choices)? = try response.json["choices"], let choice = choices.first else {
                Issue.record("no choices")
                return
            }
            #expect(choice["text"] == "A bé")
            let logprobs = try #require(choice["logprobs"])
            #expect(logprobs["tokens"] == ["A", " b", "é"])
            #expect(logprobs["token_logprobs"] == [.null, -0.25, -2])
            #expect(logprobs["top_logprobs"] == [.null, [" b": -0.25], [:]])
            #expect(logprobs["text_offset"] == [0, 1, 3])
        }
    }

    @Test("A chat's log-probabilities have each token with its bytes and its rivals")
    func chatLogprobs() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.chat(fixture, ["logprobs": true, "top_logprobs": 1])
            let (response, payload) = try await Self.exchange(fixture, "/v1/chat/completions", body) { worker, job in
                try await worker.complete(job, [AnsweringWorker.result(["é"])])
            }
            #expect(payload.requests[0].logprobs == 1)
            guard case .array(let choices)? = try response.json["choices"] else {
                Issue.record("no choices")
                return
            }
            let token: JSONValue = ["token": "é", "logprob": -0.5, "bytes": [195, 169]]
            #expect(
                choices[0]["logprobs"]?["content"] == [token.with(["top_logprobs"], [token])])
        }
    }

    @Test(
        "Failures have OpenAI's form and the status that says what to do",
        arguments: [
            (JobFailure.badInput("requests[0].messages: there is no chat template"), 400, "bad-input"),
            (JobFailure(.notFound, title: "", detail: "not there"), 404, "model_not_found"),
            (JobFailure(.storage, title: "", detail: "full"), 500, "storage"),
        ])
    func failures(failure: JobFailure, status: Int, code: String) async throws {
        try await GatewayFixture.with { fixture in
            let (response, _) = try await Self.exchange(fixture, "/v1/chat/completions", Self.chat(fixture)) {
                try await $0.fail($1, failure)
            }
            #expect(response.status.code == status)
            let error = try #require(try response.json["error"])
            #expect(error["code"] == .string(code))
            #expect(error["message"] == .string(failure.detail))
        }
    }

    /// A route, a field, its value as JSON, and the field that the error names.
    struct Refusal: Sendable {
        var route: String
        var name: String
        var json: String
        var parameter: String
        init(_ route: String, _ name: String, _ json: String, _ parameter: String? = nil) {
            (self.route, self.name, self.json, self.parameter) = (route, name, json, parameter ?? name)
        }
    }

    static let refusals: [Refusal] = [
        Refusal("/v1/chat/completions", "tools", "[{}]"),
        Refusal("/v1/chat/completions", "frequency_penalty", "0.5"),
        Refusal("/v1/chat/completions", "response_format", #"{"type": "json_object"}"#),
        Refusal("/v1/chat/completions", "top_logprobs", "2"),
        Refusal("/v1/chat/completions", "messages", #"[{"role": "tool", "content": "x"}]"#, "messages[0].role"),
        Refusal("/v1/chat/completions", "stream_options", #"{"include_usage": true}"#),
        Refusal("/v1/completions", "best_of", "2"), Refusal("/v1/completions", "suffix", #""x""#),
        Refusal("/v1/completions", "prompt", #"[1, "a"]"#), Refusal("/v1/completions", "n", "0"),
        Refusal("/v1/completions", "max_tokens", "0"), Refusal("/v1/completions", "max_token", "5"),
        Refusal("/v1/completions", "temperature", #""hot""#),
    ]

    @Test("What is not served is refused by its name", arguments: refusals)
    func refused(refusal: Refusal) async throws {
        try await GatewayFixture.with { fixture in
            let base = refusal.route.contains("chat") ? Self.chat(fixture) : Self.completion(fixture)
            let value = try MessageDecoder.parse(Array(refusal.json.utf8))
            let body = base.with([refusal.name], value)
            try await fixture.router { client in
                let response = try await client.call(uri: refusal.route, method: .post, body: body.body)
                #expect(response.status == .badRequest)
                let error = try #require(try response.json["error"])
                #expect(error["param"] == .string(refusal.parameter))
                #expect(error["type"] == "invalid_request_error")
            }
        }
    }

    @Test("What asks for nothing is taken")
    func harmless() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.chat(
                fixture,
                [
                    "frequency_penalty": 0.0, "presence_penalty": 0, "logit_bias": [:], "tools": .null,
                    "tool_choice": "none",
                    "response_format": ["type": "text"], "metadata": ["a": "b"], "store": false, "top_logprobs": 0,
                ])
            let (response, _) = try await Self.exchange(fixture, "/v1/chat/completions", body) { worker, job in
                try await worker.complete(job, [AnsweringWorker.result(["x"])])
            }
            #expect(response.status == .ok)
        }
    }

    @Test("A logit bias goes into the job, and a bad one is refused by its name")
    func logitBias() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.chat(fixture, ["logit_bias": ["7": -100, "12": 1.5]])
            let (response, asked) = try await Self.exchange(fixture, "/v1/chat/completions", body) { worker, job in
                try await worker.complete(job, [AnsweringWorker.result(["x"])])
            }
            #expect(response.status == .ok)
            #expect(asked.requests.map(\.logitBias) == [["7": -100, "12": 1.5]])
            let bad: [JSONValue] = [[1], ["x": 1], ["-1": 1], ["07": 1], ["7": 101], ["7": "1"]]
            let bodies = bad.map { Self.chat(fixture, ["logit_bias": $0]).body }
            try await fixture.router { client in
                for (bias, body) in zip(bad, bodies) {
                    let response = try await client.call(uri: "/v1/chat/completions", method: .post, body: body)
                    #expect(response.status == .badRequest)
                    #expect(try response.json["error"]?["param"] == "logit_bias", "\(bias)")
                }
            }
        }
    }

    @Test("A model that is not there, a missing key and a full queue are told as OpenAI's clients expect")
    func statuses() async throws {
        try await GatewayFixture.with { fixture in
            let body = Self.chat(fixture)
            try await fixture.router { client in
                for name in ["/etc/passwd", "sha256:" + String(repeating: "0", count: 64), "${a.b}"] {
                    let response = try await client.call(
                        uri: "/v1/chat/completions", method: .post, body: body.with(["model"], .string(name)).body)
                    #expect(response.status == .notFound)
                    #expect(try response.json["error"]?["code"] == "model_not_found")
                }
                let wrong = try await client.call(uri: "/v1/chat/completions", method: .get)
                #expect(wrong.status == .methodNotAllowed)
                #expect(try wrong.json["error"]?["code"] == "method-not-allowed")
            }
            var control = QueueControl()
            control.maximumDepth = 0
            try await fixture.broker.setControl(.inferGenerate, control)
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/chat/completions", method: .post, body: body.body)
                #expect(response.status == .tooManyRequests)
                #expect(response.headers[.retryAfter] != nil)
                #expect(try response.json["error"]?["type"] == "rate_limit_error")
            }
            fixture.keys = try KeyRing(
                parsing: "r:\(String(repeating: "a", count: 64)):read\n", file: "keys")
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/chat/completions", method: .post, body: body.body)
                #expect(response.status == .unauthorized)
                #expect(try response.json["error"]?["type"] == "authentication_error")
            }
        }
    }

    @Test("The deadline bounds the wait: 504, and the job is cancelled")
    func deadline() async throws {
        try await GatewayFixture.with { fixture in
            fixture.limits.answerTimeout = .milliseconds(300)
            let body = Self.chat(fixture)
            let broker = fixture.broker
            try await fixture.live { client in
                let response = try await client.call(uri: "/v1/chat/completions", method: .post, body: body.body)
                #expect(response.status.code == 504)
                #expect(try response.json["error"]?["type"] == "timeout_error")
            }
            var state: JobState?
            for _ in 0..<600 where state?.isTerminal != true {
                state = try await broker.jobs(JobFilter(limit: 1)).jobs.first?.state
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(state == .cancelled || state == .expired)
        }
    }

    @Test("Models: named ones and stored ones, each by its id")
    func models() async throws {
        try await GatewayFixture.with { fixture in
            fixture.models = try ModelRegister(parsing: "models:\n  clinic: {model: \(fixture.data)/m}\n")
            let body = Self.chat(fixture).with(["model"], "clinic")
            try await fixture.router { client in
                let list = try await client.call(uri: "/v1/models", method: .get)
                #expect(try list.json["object"] == "list")
                guard case .array(let models)? = try list.json["data"] else {
                    Issue.record("no data")
                    return
                }
                #expect(models.map { $0["id"] } == ["clinic"])
                let one = try await client.call(uri: "/v1/models/clinic", method: .get)
                #expect(try one.json["root"]?.stringValue?.hasSuffix("/m") == true)
                let missing = try await client.call(uri: "/v1/models/nobody", method: .get)
                #expect(missing.status == .notFound)
                #expect(try missing.json["error"]?["code"] == "model_not_found")
            }
            let (response, payload) = try await Self.exchange(fixture, "/v1/chat/completions", body) { worker, job in
                try await worker.complete(job, [AnsweringWorker.result(["x"])])
            }
            #expect(try response.json["model"] == "clinic")
            #expect(payload.model == .stored(DataReference(fixture.data + "/m")))
        }
    }
}
