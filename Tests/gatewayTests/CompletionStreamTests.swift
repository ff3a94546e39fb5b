// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("Streams of answers: every part once, whoever writes them; an end or an error, never silence")
struct CompletionStreamTests {
    /// The JSON of every event but `[DONE]`.
    static func chunks(_ text: String) throws -> [JSONValue] {
        try EventTests.frames(text).compactMap { $0["data"] }.filter { $0 != "[DONE]" }.map {
            try MessageDecoder.parse(Data($0.utf8))
        }
    }

    static func texts(_ chunks: [JSONValue], index: Int = 0) -> String {
        chunks.flatMap { chunk -> [String] in
            guard case .array(let choices)? = chunk["choices"] else { return [] }
            return choices.filter { $0["index"] == .integer(Int64(index)) }.compactMap {
                $0["delta"]?["content"]?.stringValue ?? $0["text"]?.stringValue
            }
        }.joined()
    }

    @Test("Parts arrive in order, then the rest, the reason, usage and [DONE]")
    func chat() async throws {
        try await GatewayFixture.with { fixture in
            let body = CompletionTests.chat(
                fixture, ["stream": true, "stream_options": ["include_usage": true], "n": 2])
            let (response, payload) = try await CompletionTests.exchange(fixture, "/v1/chat/completions", body) {
                worker, job in
                try await worker.publish(["Ye", "s"], of: job, at: 0)
                try await worker.publish(["No"], of: job, index: 1, at: 0)
                try await worker.complete(
                    job, [AnsweringWorker.result(["Ye", "s", "!"]), AnsweringWorker.result(["No"])])
            }
            #expect(payload.stream == true)
            #expect(response.headers[.contentType] == "text/event-stream")
            #expect(response.text.hasSuffix("data: [DONE]\n\n"))
            let chunks = try Self.chunks(response.text)
            #expect(Self.texts(chunks) == "Yes!")
            #expect(Self.texts(chunks, index: 1) == "No")
            #expect(chunks.allSatisfy { $0["object"] == "chat.completion.chunk" })
            #expect(chunks.last?["usage"] == ["prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7])
            #expect(chunks.last?["choices"] == [])
            #expect(chunks.dropLast().allSatisfy { $0["usage"] == .null })
            let reasons = chunks.compactMap { chunk -> JSONValue? in
                guard case .array(let choices)? = chunk["choices"] else { return nil }
                return choices.first?["finish_reason"]
            }
            #expect(reasons.filter { $0 == "stop" }.count == 2)
        }
    }

    @Test("Another attempt that writes something else ends the stream with an error; nothing is sent twice")
    func diverged() async throws {
        try await GatewayFixture.with { fixture in
            let body = CompletionTests.completion(fixture, ["stream": true, "logprobs": 1])
            let (response, _) = try await CompletionTests.exchange(fixture, "/v1/completions", body) { worker, job in
                try await worker.publish(["a", "b", "c"], of: job, at: 0)
                // A part that is sent again, and then the worker is gone.
                try await worker.publish(["c"], of: job, at: 2)
                try await worker.broker.release(job.id, fence: job.fence)
                let again = try await worker.claim()
                #expect(again.id == job.id)
                #expect(try await worker.publish(["zombie"], of: job, at: 3) == [.stale])
                try await worker.publish(["a", "bé"], of: again, at: 0)
                try await worker.complete(again, [AnsweringWorker.result(["a", "b", "c", "d"])])
            }
            let chunks = try Self.chunks(response.text)
            // The second attempt wrote another token after the first: that is an error, not two answers in one.
            #expect(chunks.last?["error"]?["code"] == "answer-diverged")
            #expect(Self.texts(chunks) == "abc")
        }
    }

    @Test("An attempt that goes on where the other stopped goes on in the stream")
    func continued() async throws {
        try await GatewayFixture.with { fixture in
            let body = CompletionTests.completion(fixture, ["stream": true, "logprobs": 1])
            let (response, _) = try await CompletionTests.exchange(fixture, "/v1/completions", body) { worker, job in
                try await worker.publish(["a", "b", "c"], of: job, at: 0)
                try await worker.publish(["c"], of: job, at: 2)
                try await worker.broker.release(job.id, fence: job.fence)
                let again = try await worker.claim()
                try await worker.publish(["a", "b"], of: again, at: 0)
                try await worker.publish(["c", "d"], of: again, at: 2)
                // One is lost on the way: the rest comes with the result.
                try await worker.publish(["f"], of: again, at: 5)
                try await worker.complete(again, [AnsweringWorker.result(["a", "b", "c", "d", "e", "f"])])
            }
            let chunks = try Self.chunks(response.text)
            #expect(Self.texts(chunks) == "abcdef")
            let tokens = chunks.flatMap { chunk -> [JSONValue] in
                guard case .array(let choices)? = chunk["choices"],
                    case .array(let tokens)? = choices.first?["logprobs"]?["tokens"]
                else { return [] }
                return tokens
            }
            #expect(tokens == ["a", "b", "c", "d", "e", "f"])
            #expect(response.text.hasSuffix("data: [DONE]\n\n"))
        }
    }

    @Test("A failure ends the stream with an error event")
    func failed() async throws {
        try await GatewayFixture.with { fixture in
            let body = CompletionTests.chat(fixture, ["stream": true])
            let (response, _) = try await CompletionTests.exchange(fixture, "/v1/chat/completions", body) {
                worker, job in
                try await worker.publish(["a"], of: job, at: 0)
                try await worker.fail(job, .badInput("requests[0]: too long"))
            }
            let chunks = try Self.chunks(response.text)
            #expect(chunks.last?["error"]?["message"] == "requests[0]: too long")
            #expect(!response.text.contains("[DONE]"))
        }
    }
}
