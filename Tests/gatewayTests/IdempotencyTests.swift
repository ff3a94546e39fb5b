// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("The same Idempotency-Key is the same job")
struct IdempotencyTests {
    @Test("Sent again with the same body, a job is one job")
    func sameBody() async throws {
        try await GatewayFixture.with { fixture in
            let (body, name) = (fixture.message.body, try #require(HTTPField.Name("Idempotency-Key")))
            let broker = fixture.broker
            try await fixture.router { client in
                var ids: Set<String> = []
                var duplicates: [JSONValue?] = []
                for _ in 0..<3 {
                    let response = try await client.call(
                        uri: "/v1/jobs", method: .post, headers: [name: "abc"], body: body)
                    #expect(response.status == .accepted)
                    ids.insert(try #require(response.json["id"]?.stringValue))
                    duplicates.append(try response.json["duplicate"])
                }
                #expect(ids.count == 1)
                #expect(duplicates == [false, true, true])
                let held = try await broker.jobs(JobFilter())
                #expect(held.jobs.count == 1)
            }
        }
    }

    @Test("With another body it is a conflict")
    func otherBody() async throws {
        try await GatewayFixture.with { fixture in
            let (message, name) = (fixture.message, try #require(HTTPField.Name("Idempotency-Key")))
            try await fixture.router { client in
                _ = try await client.call(
                    uri: "/v1/jobs", method: .post, headers: [name: "abc"], body: message.body)
                let other = message.with(["payload", "texts"], ["cough"])
                let response = try await client.call(
                    uri: "/v1/jobs", method: .post, headers: [name: "abc"], body: other.body)
                #expect(response.status == .conflict)
                #expect(try response.problem.type == "/problems/conflict")
            }
        }
    }

    @Test("A run likewise")
    func runs() async throws {
        try await GatewayFixture.with { fixture in
            let (recipe, name) = (fixture.recipe, try #require(HTTPField.Name("Idempotency-Key")))
            try await fixture.router { client in
                let first = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [name: "abc"], body: recipe.body)
                let second = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [name: "abc"], body: recipe.body)
                #expect(try first.json["id"] == second.json["id"])
                let other = recipe.with(["name"], "three")
                let third = try await client.call(
                    uri: "/v1/runs", method: .post, headers: [name: "abc"], body: other.body)
                #expect(third.status == .conflict)
            }
        }
    }

    @Test("A key with spaces, or too long, is a bad request", arguments: ["a b", String(repeating: "k", count: 256)])
    func badKeys(_ key: String) async throws {
        try await GatewayFixture.with { fixture in
            let (body, name) = (fixture.message.body, try #require(HTTPField.Name("Idempotency-Key")))
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/jobs", method: .post, headers: [name: key], body: body)
                #expect(response.status == .badRequest)
                #expect(try response.problem.field == "Idempotency-Key")
            }
        }
    }
}
