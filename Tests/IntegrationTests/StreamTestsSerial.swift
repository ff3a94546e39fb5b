// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import NIOCore
import NIOHTTP1
import TestSupport
import Testing

@Suite("Streams of answers outlive whom they come from", .serialized, .timeLimit(.minutes(5)))
struct StreamTestsSerial {
    /// Answers that take a while: many at once, each as long as the model's context allows.
    private static func body(_ model: String, isStreaming: Bool) -> JSONValue {
        [
            "model": .string(model), "prompt": "fever and cough", "max_tokens": 480, "temperature": 1.2, "seed": 11,
            "n": 24, "ignore_eos": true, "stream": .bool(isStreaming),
        ]
    }

    /// The texts of the answer when nothing happens to it.
    private static func undisturbed(_ stack: StackFixture, _ model: String) async throws -> [Int: String] {
        let data = try MessageEncoder.encode(body(model, isStreaming: false))
        let answer = try await stack.gateway.send(
            .POST, "/v1/completions", body: data, headers: ["content-type": "application/json"], timeout: .seconds(120))
        let json = try MessageDecoder.parse(answer.body)
        guard case .array(let choices)? = json["choices"] else { throw StackError("status \(answer.status)") }
        return Dictionary(
            uniqueKeysWithValues: choices.enumerated().map { ($0, $1["text"]?.stringValue ?? "") })
    }

    /// Streams, disturbs once something of every answer has come, and compares the whole.
    private func survive(_ disturb: @escaping @Sendable (StackFixture) async throws -> Void) async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let model = try await stack.talkingModel()
            let expected = try await Self.undisturbed(stack, model)
            var stream = AnswerStream()
            var isDisturbed = false
            var early = 0
            try await stream.read(stack.gateway, Self.body(model, isStreaming: true)) { stream in
                if !isDisturbed, stream.texts.values.filter({ !$0.isEmpty }).count == 24 {
                    isDisturbed = true
                    early = stream.texts.values.reduce(0) { $0 + $1.utf8.count }
                    try await disturb(stack)
                }
                return false
            }
            #expect(isDisturbed)
            #expect(early < expected.values.reduce(0) { $0 + $1.utf8.count }, "disturbed after the end")
            #expect(stream.isDone, "ended with \(stream.error ?? "nothing")")
            #expect(stream.texts == expected)
        }
    }

    @Test("kill -9 of the worker in mid-stream: another attempt goes on where it was, letter for letter")
    func worker() async throws {
        try await survive { stack in try await stack.killAndAwait("inference") }
    }

    @Test("a restart of Redis in mid-stream: the stream goes on, or has the rest from the result")
    func redis() async throws {
        try await survive { stack in try await stack.killAndAwait("redis") }
    }

    @Test("a client that leaves ends its job, and nothing of it stays in Redis")
    func client() async throws {
        try await StackFixture.with(prepare: StackFixture.writeTokens) { stack in
            let model = try await stack.talkingModel()
            var stream = AnswerStream()
            let body = Self.body(model, isStreaming: true)
            try await stream.read(stack.gateway, body) { !$0.texts.isEmpty }
            let id = try #require(stream.job)
            let job = try await stack.gateway.awaitJob(id)
            #expect(job.state == .cancelled)
            try? await eventually(within: .seconds(10)) { try await stack.places(of: "fever and cough").isEmpty }
            let left = try await stack.places(of: "fever and cough")
            #expect(left.isEmpty, "\(left)")
            let answer = try await Self.undisturbed(stack, model)
            let words = String(try #require(answer[0]).prefix(40))
            try await eventually(within: .seconds(30)) { try await stack.places(of: words).isEmpty }
        }
    }
}
