// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("Jobs are listed, shown, cancelled and tried again")
struct JobRouteTests {
    /// Submits a job through the router and answers its id.
    static func submit(_ fixture: GatewayFixture, _ client: any TestClientProtocol) async throws -> JobID {
        let response = try await client.call(uri: "/v1/jobs", method: .post, body: fixture.message.body)
        return JobID(try #require(response.json["id"]?.stringValue))
    }

    /// Claims the one ready job.
    static func claim(_ broker: any JobBroker) async throws -> JobEnvelope {
        let claimed = try await broker.claim(
            kinds: [.tokenizeText], worker: WorkerID("w"), limit: 1, lease: .seconds(60))
        return try #require(claimed.jobs.first)
    }

    @Test("A list has the newest first, goes on after its cursor, and ends")
    func listsInPages() async throws {
        try await GatewayFixture.with { fixture in
            let copy = fixture
            try await fixture.router { client in
                var ids: Set<String> = []
                for _ in 0..<5 { ids.insert(try await Self.submit(copy, client).rawValue) }
                var seen: [String] = []
                var after = ""
                for _ in 0..<10 {
                    let page = try await client.call(uri: "/v1/jobs?limit=2\(after)", method: .get)
                    #expect(page.status == .ok)
                    guard case .array(let jobs)? = try page.json["jobs"] else { break }
                    seen += jobs.compactMap { $0["id"]?.stringValue }
                    guard let next = try page.json["next"]?.stringValue else { break }
                    after = "&after=\(next)"
                }
                #expect(seen.count == 5)
                #expect(Set(seen) == ids)
            }
        }
    }

    @Test("A list is filtered by state, kind and run")
    func filters() async throws {
        try await GatewayFixture.with { fixture in
            let copy = fixture
            try await fixture.router { client in
                let id = try await Self.submit(copy, client)
                let counts = [
                    ("state=ready", 1), ("state=running", 0), ("kind=tokenize.text", 1), ("kind=train.tune", 0),
                    ("run=\(id)", 0),
                ]
                for (query, count) in counts {
                    let page = try await client.call(uri: "/v1/jobs?\(query)", method: .get)
                    guard case .array(let jobs)? = try page.json["jobs"] else {
                        Issue.record("no jobs")
                        continue
                    }
                    #expect(jobs.count == count, "\(query)")
                }
            }
        }
    }

    @Test(
        "A query that can't be meant is refused with the parameter",
        arguments: [
            ("state=redy", "state", "did you mean \"ready\"?"), ("kind=tokenize.txt", "kind", "tokenize.text"),
            ("limit=0", "limit", "from 1 to 1000"), ("limit=many", "limit", "whole number"),
            ("limits=3", "limits", "did you mean \"limit\"?"), ("run=a/b", "run", "identifier"),
            ("after=%00", "after", "cursor"),
        ])
    func refusesQueries(_ query: String, _ field: String, _ hint: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs?\(query)", method: .get)
                #expect(response.status == .unprocessableContent)
                #expect(try response.problem.field == field)
                #expect(try response.problem.detail.contains(hint))
            }
        }
    }

    @Test(
        "What is not there is a 404 problem",
        arguments: [
            "/v1/jobs/none", "/v1/runs/none", "/v1/jobs/none/events", "/v1/runs/none/events", "/v1/jobs/a%20b",
            "/v1/nothing", "/", "/v1", "/v1/jobs/none/retry/again",
        ])
    func notFound(_ path: String) async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let response = try await client.call(uri: path, method: .get)
                #expect(response.status == .notFound)
                #expect(response.headers[.contentType] == "application/problem+json")
                #expect(try response.problem.type == "/problems/not-found")
            }
        }
    }

    @Test("A ready job is cancelled at once, and once more changes nothing")
    func cancels() async throws {
        try await GatewayFixture.with { fixture in
            let copy = fixture
            try await fixture.router { client in
                let id = try await Self.submit(copy, client)
                for _ in 0..<2 {
                    let response = try await client.call(uri: "/v1/jobs/\(id)/cancel", method: .post)
                    #expect(response.status == .accepted)
                    #expect(try response.json["state"] == "cancelled")
                }
            }
        }
    }

    @Test("A failed job is ready again after a retry; a ready one is a conflict")
    func retries() async throws {
        try await GatewayFixture.with { fixture in
            let (copy, broker) = (fixture, fixture.broker)
            try await fixture.router { client in
                let id = try await Self.submit(copy, client)
                let early = try await client.call(uri: "/v1/jobs/\(id)/retry", method: .post)
                #expect(early.status == .conflict)
                #expect(try early.problem.type == "/problems/wrong-state")
                let claimed = try await Self.claim(broker)
                let state = try await broker.fail(
                    claimed.id, fence: claimed.fence, failure: .badInput("no"), retryAfter: .zero)
                #expect(state == .failed)
                let shown = try await client.call(uri: "/v1/jobs/\(id)", method: .get)
                #expect(try shown.json["error"]?["detail"] == "no")
                let retried = try await client.call(uri: "/v1/jobs/\(id)/retry", method: .post)
                #expect(retried.status == .accepted)
                #expect(try retried.json["state"] == "ready")
            }
        }
    }

    @Test("A finished job shows its result")
    func showsResults() async throws {
        try await GatewayFixture.with { fixture in
            let (copy, broker) = (fixture, fixture.broker)
            try await fixture.router { client in
                let id = try await Self.submit(copy, client)
                let claimed = try await Self.claim(broker)
                try await broker.complete(
                    claimed.id, fence: claimed.fence,
                    result: JobResult(status: .succeeded, output: ["ids": [[1, 2]]]))
                let shown = try await client.call(uri: "/v1/jobs/\(id)", method: .get)
                #expect(try shown.json["state"] == "succeeded")
                #expect(try shown.json["result"]?["output"] == ["ids": [[1, 2]]])
            }
        }
    }

    @Test("Every route answers another method with 405 and the ones it has")
    func wrongMethods() async throws {
        try await GatewayFixture.with { fixture in
            let routes = fixture.gateway.routes
            try await fixture.router { client in
                for route in routes {
                    let path = route.path.replacing("{id}", with: "x").replacing("{path}", with: "y")
                    let response = try await client.call(uri: path, method: .patch)
                    #expect(response.status == .methodNotAllowed, "\(path)")
                    let allowed = response.headers[.allow] ?? ""
                    #expect(allowed.contains(route.method.rawValue), "\(path)")
                    let json = try response.json
                    let slug = json["type"] ?? json["error"]?["code"]
                    #expect(slug?.stringValue?.hasSuffix("method-not-allowed") == true, "\(path)")
                }
            }
        }
    }

    @Test("With the queue away every route that needs it is a 503 that says when to ask again")
    func queueAway() async throws {
        try await GatewayFixture.with { fixture in
            fixture.broker = BrokenBroker()
            let (message, recipe) = (fixture.message.body, fixture.recipe.body)
            try await fixture.router { client in
                let calls: [(String, HTTPRequest.Method, ByteBuffer?)] = [
                    ("/v1/jobs", .post, message), ("/v1/runs", .post, recipe), ("/v1/jobs", .get, nil),
                    ("/v1/runs", .get, nil), ("/v1/jobs/x", .get, nil), ("/v1/runs/x", .get, nil),
                    ("/v1/jobs/x/events", .get, nil), ("/v1/jobs/x/cancel", .post, nil), ("/readyz", .get, nil),
                ]
                for (path, method, body) in calls {
                    let response = try await client.call(uri: path, method: method, body: body)
                    #expect(response.status == .serviceUnavailable, "\(path)")
                    #expect(response.headers[.retryAfter] == "2")
                    #expect(!response.text.contains("10.0.0.7"), "an inner address leaked")
                }
                let health = try await client.call(uri: "/healthz", method: .get)
                #expect(health.status == .ok)
                let metrics = try await client.call(uri: "/metrics", method: .get)
                #expect(metrics.status == .ok)
                #expect(metrics.text.contains("mellama_queue_up 0"))
            }
        }
    }
}
