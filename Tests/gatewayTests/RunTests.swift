// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("Runs are recipes, checked whole before any stage is accepted")
struct RunTests {
    @Test("A recipe is accepted with its stages in order")
    func acceptsARecipe() async throws {
        try await GatewayFixture.with { fixture in
            let recipe = fixture.recipe
            try await fixture.router { client in
                let accepted = try await client.call(uri: "/v1/runs", method: .post, body: recipe.body)
                #expect(accepted.status == .accepted)
                #expect(try accepted.json["stages"] == ["vocabulary", "ids"])
                #expect(try accepted.json["state"] == "running")
                let id = try #require(accepted.json["id"]?.stringValue)
                let run = try await client.call(uri: "/v1/runs/\(id)", method: .get)
                #expect(run.status == .ok)
                guard case .array(let stages)? = try run.json["stages"] else {
                    Issue.record("no stages")
                    return
                }
                #expect(stages.map { $0["state"] } == ["ready", "waiting"])
                let list = try await client.call(uri: "/v1/runs", method: .get)
                #expect(try list.json["runs"] == [run.json])
            }
        }
    }

    @Test("The same recipe as YAML is the same run")
    func acceptsYAML() async throws {
        try await GatewayFixture.with { fixture in
            let (data, broker) = (fixture.data, fixture.broker)
            let yaml = """
                version: 1
                name: two
                stages:
                  vocabulary: {kind: tokenize.train, payload: {sources: ["\(data)/*.txt"], vocabularySize: 512}}
                  ids: {kind: tokenize.text, payload: {tokenizer: "${vocabulary.tokenizer}", texts: [fever, yes]}}
                """
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [.contentType: "application/yaml"],
                    body: ByteBuffer(string: yaml))
                #expect(response.status == .accepted)
                let id = RunID(try #require(response.json["id"]?.stringValue))
                let run = try await broker.run(id)
                #expect(run?.stages.compactMap(\.stage) == ["vocabulary", "ids"])
            }
        }
    }

    static let refusals: [SubmissionTests.Refusal] = [
        .init(
            name: "an unknown stage", path: ["stages", "ids", "payload", "tokenizer"],
            value: "${vocabulry.tokenizer}", status: .unprocessableContent, slug: "unresolved-reference",
            field: "stages.ids.payload", hint: "did you mean \"vocabulary\"?"),
        .init(
            name: "an unknown output", path: ["stages", "ids", "payload", "tokenizer"],
            value: "${vocabulary.tokeniser}", status: .unprocessableContent, slug: "unresolved-reference",
            field: "stages.ids.payload", hint: "did you mean \"tokenizer\"?"),
        .init(
            name: "a cycle", path: ["stages", "vocabulary", "after"], value: ["ids"],
            status: .unprocessableContent, slug: "invalid-value", field: "stages", hint: "cycle"),
        .init(
            name: "an unknown parent", path: ["stages", "ids", "after"], value: ["other"],
            status: .unprocessableContent, slug: "unresolved-reference", field: "stages.ids.after"),
        .init(
            name: "a misspelt field of a stage", path: ["stages", "ids", "payloads"], value: [:],
            status: .unprocessableContent, slug: "unknown-field", field: "stages.ids"),
        .init(
            name: "a misspelt field of a payload", path: ["stages", "vocabulary", "payload", "vocabulary_size"],
            value: 9, status: .unprocessableContent, slug: "unknown-field", field: "stages.vocabulary.payload",
            hint: "did you mean \"vocabularySize\"?"),
        .init(
            name: "a bad value", path: ["stages", "vocabulary", "payload", "vocabularySize"], value: 3,
            status: .unprocessableContent, slug: "invalid-value", field: "stages.vocabulary.payload.vocabularySize"),
        .init(
            name: "an unknown kind", path: ["stages", "ids", "kind"], value: "tokenize.texts",
            status: .unprocessableContent, slug: "unknown-kind", field: "stages.ids.kind"),
        .init(
            name: "a path outside the data roots", path: ["stages", "vocabulary", "payload", "sources"],
            value: ["/etc/*"], status: .unprocessableContent, slug: "forbidden-path",
            field: "stages.vocabulary.payload.sources[0]"),
        .init(
            name: "no stages", path: ["stages"], value: [:], status: .unprocessableContent, slug: "invalid-value",
            field: "stages"),
        .init(
            name: "a missing name", path: ["name"], value: nil, status: .unprocessableContent,
            slug: "missing-field", field: nil),
        .init(
            name: "an unknown rule for failures", path: ["stages", "ids", "onFailure"], value: "explode",
            status: .unprocessableContent, slug: "invalid-value", field: "stages.ids.onFailure"),
    ]

    @Test("A recipe is refused with the stage and field at fault", arguments: refusals)
    func refuses(_ refusal: SubmissionTests.Refusal) async throws {
        try await GatewayFixture.with { fixture in
            let (body, broker) = (fixture.recipe.with(refusal.path, refusal.value).body, fixture.broker)
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/runs", method: .post, body: body)
                #expect(response.status == refusal.status)
                let problem = try response.problem
                #expect(problem.type == "/problems/\(refusal.slug)")
                #expect(problem.field == refusal.field)
                #expect(problem.detail.contains(refusal.hint))
                let runs = try await broker.runs(limit: 10)
                #expect(runs.isEmpty)
            }
        }
    }

    static let brokenYAML = [
        "stages: [", "a: &x [*x]", String(repeating: "[", count: 5000), String(repeating: "- ", count: 5000),
        "a: 1\na: 2",
    ]

    @Test("Broken YAML is a 400, whatever is wrong with it", arguments: brokenYAML)
    func refusesBrokenYAML(_ text: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [.contentType: "application/yaml"],
                    body: ByteBuffer(string: text))
                #expect(response.status == .badRequest || response.status == .unprocessableContent)
                #expect(response.headers[.contentType] == "application/problem+json")
            }
        }
    }

    @Test("YAML whose aliases unfold without end is refused, quickly")
    func refusesAliasBombs() async throws {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let item = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: item, count: 9).joined(separator: ", "))]\n"
        }
        let body = ByteBuffer(string: text)
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [.contentType: "application/yaml"], body: body)
                #expect(response.status == .unprocessableContent)
            }
        }
    }

    @Test("Cancelling a run cancels its stages")
    func cancelsARun() async throws {
        try await GatewayFixture.with { fixture in
            let recipe = fixture.recipe
            try await fixture.router { client in
                let accepted = try await client.call(uri: "/v1/runs", method: .post, body: recipe.body)
                let id = try #require(accepted.json["id"]?.stringValue)
                let cancelled = try await client.call(uri: "/v1/runs/\(id)/cancel", method: .post)
                #expect(cancelled.status == .accepted)
                #expect(try cancelled.json["state"] == "cancelled")
                let jobs = try await client.call(uri: "/v1/jobs?run=\(id)&state=cancelled", method: .get)
                guard case .array(let stages)? = try jobs.json["jobs"] else {
                    Issue.record("no jobs")
                    return
                }
                #expect(stages.count == 2)
            }
        }
    }
}
