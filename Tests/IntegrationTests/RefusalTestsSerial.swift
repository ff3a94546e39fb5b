// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import NIOHTTP1
import Testing

/// What can't be done is told at submit, by the real gateway, and leaves nothing behind.
@Suite("Bad input is refused at the door with a problem document")
struct RefusalTestsSerial {
    /// A request that must be refused.
    private struct Case {
        var path = "/v1/jobs"
        var body: String
        var status: Int
        var problem: String
        /// What the detail must say.
        var says: String
    }

    private static let missing = "sha256:" + String(repeating: "0", count: 64)

    private static let cases: [Case] = [
        Case(
            body: #"{"kind": "tokenize.text", "payload": {"#, status: 400, problem: "malformed-json",
            says: "not valid JSON"),
        Case(body: "", status: 400, problem: "malformed-json", says: "empty"),
        Case(
            body: #"{"kind": "tokenize.text", "payload": {"tokeniser": "demo/x.model", "texts": ["a"]}}"#, status: 422,
            problem: "unknown-field", says: "tokenizer"),
        Case(
            body: #"{"kind": "tokenize.text", "payload": {"texts": ["a"]}}"#, status: 422, problem: "missing-field",
            says: "\"tokenizer\""),
        Case(
            body: #"{"kind": "tokenize.txt", "payload": {}}"#, status: 422, problem: "unknown-kind",
            says: "tokenize.text"),
        Case(
            body: #"{"kind": "tokenize.text", "payload": {"tokenizer": "/etc/passwd", "texts": ["a"]}}"#, status: 422,
            problem: "forbidden-path", says: "payload.tokenizer"),
        Case(
            body:
                #"{"kind": "tokenize.text", "payload": {"tokenizer": "demo/../../../../../etc/passwd", "texts": []}}"#,
            status: 422, problem: "forbidden-path", says: "payload.tokenizer"),
        Case(
            body: #"{"kind": "tokenize.text", "payload": {"tokenizer": "\#(missing)", "texts": ["a"]}}"#, status: 422,
            problem: "unknown-artifact", says: "payload.tokenizer"),
        Case(
            path: "/v1/runs",
            body: """
                {"version": 1, "name": "cycle", "stages": {
                 "a": {"kind": "train.merge", "payload": {"model": "${b.model}", "adapter": "${b.model}"}},
                 "b": {"kind": "train.merge", "payload": {"model": "${a.model}", "adapter": "${a.model}"}}}}
                """, status: 422, problem: "invalid-value", says: "cycle"),
        Case(
            path: "/v1/runs",
            body: """
                {"version": 1, "name": "unknown", "stages": {
                 "a": {"kind": "train.merge", "payload": {"model": "${base.model}", "adapter": "demo"}}}}
                """, status: 422, problem: "unresolved-reference", says: "base"),
    ]

    @Test("Each refusal names what, where and how to mend it, and nothing is enqueued")
    func refusals() async throws {
        try await StackFixture.with { stack in
            for bad in Self.cases {
                let answer = try await stack.gateway.send(
                    .POST, bad.path, body: Data(bad.body.utf8), headers: ["content-type": "application/json"])
                let problem = try answer.problem()
                #expect(answer.status == bad.status, "\(bad.body) → \(problem)")
                #expect(problem.status == bad.status)
                #expect(problem.type == "/problems/\(bad.problem)", "\(bad.body) → \(problem)")
                #expect(problem.detail.contains(bad.says), "\(bad.body) → \(problem)")
                #expect(!problem.detail.isEmpty && !problem.detail.contains("\n"))
            }
            #expect(try await stack.gateway.jobs("").isEmpty)
            #expect(try await stack.gateway.get("/v1/runs").json["runs"] == [])
        }
    }
}
