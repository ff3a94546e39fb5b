// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("The gateway takes good work and names what is wrong with the rest")
struct SubmissionTests {
    @Test("A job is accepted, found under its location, and held by the broker")
    func acceptsAJob() async throws {
        try await GatewayFixture.with { fixture in
            let (message, broker) = (fixture.message, fixture.broker)
            try await fixture.router { client in
                let accepted = try await client.call(uri: "/v1/jobs", method: .post, body: message.body)
                #expect(accepted.status == .accepted)
                let id = try #require(accepted.json["id"]?.stringValue)
                #expect(try accepted.json["state"] == "ready")
                #expect(try accepted.json["kind"] == "tokenize.text")
                #expect(accepted.headers[.location] == "/v1/jobs/\(id)")
                let found = try await client.call(uri: "/v1/jobs/\(id)", method: .get)
                #expect(found.status == .ok)
                #expect(try found.json["state"] == "ready")
                let held = try await broker.job(JobID(id))
                #expect(held?.kind == .tokenizeText)
            }
        }
    }

    /// A body, the status it gets, and the problem's type and field.
    struct Refusal: Sendable, CustomTestStringConvertible {
        var name: String
        var path: [String]
        var value: JSONValue?
        var status: HTTPResponse.Status
        var slug: String
        var field: String?
        var hint: String = ""
        var testDescription: String { name }
    }

    static let refusals: [Refusal] = [
        Refusal(
            name: "an unknown kind", path: ["kind"], value: "tokenise.text", status: .unprocessableContent,
            slug: "unknown-kind", field: "kind", hint: "did you mean \"tokenize.text\"?"),
        Refusal(
            name: "a version of the future", path: ["version"], value: 7, status: .unprocessableContent,
            slug: "unsupported-version", field: "version"),
        Refusal(
            name: "an unknown field of the message", path: ["payloud"], value: [:], status: .unprocessableContent,
            slug: "unknown-field", field: nil, hint: "did you mean \"payload\"?"),
        Refusal(
            name: "an unknown field of the payload", path: ["payload", "addBos"], value: true,
            status: .unprocessableContent, slug: "unknown-field", field: "payload", hint: "did you mean \"addBOS\"?"),
        Refusal(
            name: "a missing field", path: ["payload", "texts"], value: nil, status: .unprocessableContent,
            slug: "missing-field", field: "payload"),
        Refusal(
            name: "a missing payload", path: ["payload"], value: nil, status: .unprocessableContent,
            slug: "missing-field", field: nil),
        Refusal(
            name: "a value of another type", path: ["payload", "texts"], value: "fever",
            status: .unprocessableContent, slug: "wrong-type", field: "payload.texts", hint: "expected an array"),
        Refusal(
            name: "an item of another type", path: ["payload", "texts"], value: ["a", 3],
            status: .unprocessableContent, slug: "wrong-type", field: "payload.texts[1]"),
        Refusal(
            name: "a stage's output in a single job", path: ["payload", "tokenizer"], value: "${a.tokenizer}",
            status: .unprocessableContent, slug: "unresolved-reference", field: "payload"),
        Refusal(
            name: "a path outside the data roots", path: ["payload", "tokenizer"], value: "/etc/passwd",
            status: .unprocessableContent, slug: "forbidden-path", field: "payload.tokenizer",
            hint: "MELLAMA_DATA_ROOTS"),
        Refusal(
            name: "a path that climbs out", path: ["payload", "tokenizer"], value: "../../../etc/passwd",
            status: .unprocessableContent, slug: "forbidden-path", field: "payload.tokenizer"),
        Refusal(
            name: "an output outside the data roots", path: ["payload", "output"], value: "/tmp/elsewhere",
            status: .unprocessableContent, slug: "forbidden-path", field: "payload.output"),
        Refusal(
            name: "an output that is no path", path: ["payload", "output"], value: 3,
            status: .unprocessableContent, slug: "wrong-type", field: "payload.output"),
        Refusal(
            name: "an artifact that is not there", path: ["payload", "tokenizer"],
            value: .string("sha256:" + String(repeating: "a", count: 64)), status: .unprocessableContent,
            slug: "unknown-artifact", field: "payload.tokenizer"),
    ]

    @Test("A job is refused with the field at fault", arguments: refusals)
    func refuses(_ refusal: Refusal) async throws {
        try await GatewayFixture.with { fixture in
            let (body, broker) = (fixture.message.with(refusal.path, refusal.value).body, fixture.broker)
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs", method: .post, body: body)
                #expect(response.status == refusal.status)
                #expect(response.headers[.contentType] == "application/problem+json")
                let problem = try response.problem
                #expect(problem.type == "/problems/\(refusal.slug)")
                #expect(problem.status == refusal.status.code)
                #expect(problem.field == refusal.field)
                #expect(problem.detail.contains(refusal.hint))
                let jobs = try await broker.jobs(JobFilter())
                #expect(jobs.jobs.isEmpty, "a refused job was accepted")
            }
        }
    }

    @Test("A body that is no JSON is a 400 that does not quote it", arguments: ["{\"kind\": ", "[1,", "secret", ""])
    func refusesBrokenJSON(_ body: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/jobs", method: .post, body: ByteBuffer(string: body))
                #expect(response.status == .badRequest)
                #expect(try response.problem.type == "/problems/malformed-json")
                #expect(!response.text.contains("secret"))
            }
        }
    }

    @Test(
        "A body that is JSON but no object is refused",
        arguments: [
            ("[]", "invalid-value"), ("3", "wrong-type"), ("\"x\"", "wrong-type"), ("null", "wrong-type"),
        ])
    func refusesOtherJSON(_ body: String, _ type: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/jobs", method: .post, body: ByteBuffer(string: body))
                #expect(response.status == .unprocessableContent)
                #expect(try response.problem.type == "/problems/\(type)")
            }
        }
    }

    @Test("Deeply nested JSON is refused, not a crash")
    func refusesDeepJSON() async throws {
        try await GatewayFixture.with { fixture in
            let body = ByteBuffer(string: String(repeating: "[", count: 30_000))
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs", method: .post, body: body)
                #expect(response.status == .badRequest)
            }
        }
    }

    @Test("A body over the limit is a 413")
    func refusesLargeBodies() async throws {
        try await GatewayFixture.with { fixture in
            let text = JSONValue.string(String(repeating: "x", count: fixture.limits.documentBytes))
            let body = fixture.message.with(["payload", "texts"], .array([text])).body
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs", method: .post, body: body)
                #expect(response.status == .contentTooLarge)
                #expect(try response.problem.detail.contains("/v1/files"))
            }
        }
    }

    @Test("Only JSON is taken for a job")
    func refusesOtherMediaTypes() async throws {
        try await GatewayFixture.with { fixture in
            let body = fixture.message.body
            try await fixture.router { client in
                for type in ["application/yaml", "text/plain", "multipart/form-data"] {
                    let response = try await client.call(
                        uri: "/v1/jobs", method: .post, headers: [.contentType: type], body: body)
                    #expect(response.status == .unsupportedMediaType)
                }
                for type in [
                    "application/json; charset=utf-8", "Application/JSON", "application/x-www-form-urlencoded",
                ] {
                    let good = try await client.call(
                        uri: "/v1/jobs", method: .post, headers: [.contentType: type], body: body)
                    #expect(good.status == .accepted)
                }
            }
        }
    }

    @Test("A job with a path below the data root, a pattern, or a stored artifact is accepted")
    func acceptsReferences() async throws {
        try await GatewayFixture.with { fixture in
            let (message, data, store) = (fixture.message, fixture.data, fixture.store)
            let upload = try await store.beginUpload(limit: 10)
            try await upload.write([1, 2, 3])
            let id = try await upload.finish()
            try await fixture.router { client in
                for text in ["\(data)/models/tokenizer.model", "models/tokenizer.model", id.rawValue] {
                    let body = message.with(["payload", "tokenizer"], .string(text)).body
                    let response = try await client.call(uri: "/v1/jobs", method: .post, body: body)
                    #expect(response.status == .accepted, "\(text.prefix(7))")
                }
            }
        }
    }
}
