// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("Keys say who may do what, to whose jobs")
struct AccessTests {
    /// SHA-256 of `alpha`, `beta`, `reader` and `root`, as sha256sum prints them.
    static let file = """
        # who:digest:scopes:tenant
        alpha:8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8:submit,read,cancel:one
        beta:f44e64e75f3948e9f73f8dfa94721c4ce8cbb4f265c4790c702b2d41cfbf2753:submit,read,cancel:two

        reader:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30:read:one
        root:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2:admin
        """

    static func keyed(_ fixture: inout GatewayFixture) throws {
        fixture.keys = try KeyRing(parsing: file, file: "keys")
    }

    static func bearer(_ key: String) -> HTTPFields { [.authorization: "Bearer \(key)"] }

    @Test("Without a key, or with a wrong one, every route with a scope is a 401")
    func unauthenticated() async throws {
        try await GatewayFixture.with { fixture in
            try Self.keyed(&fixture)
            let routes = fixture.gateway.routes
            try await fixture.router { client in
                for route in routes {
                    guard case .scope = route.access else { continue }
                    let path = route.path.replacing("{id}", with: "x").replacing("{path}", with: "y")
                    let headers: [HTTPFields] = [
                        [:], Self.bearer("wrong"), Self.bearer(""), [.authorization: "Basic alpha"],
                        [.authorization: "alpha"],
                    ]
                    for fields in headers {
                        let response = try await client.call(uri: path, method: route.method, headers: fields)
                        #expect(response.status == .unauthorized, "\(path)")
                        #expect(response.headers[.wwwAuthenticate] == "Bearer")
                    }
                }
            }
        }
    }

    @Test("Probes need no key", arguments: ["/healthz", "/readyz", "/metrics"])
    func openRoutes(_ path: String) async throws {
        try await GatewayFixture.with { fixture in
            try Self.keyed(&fixture)
            try await fixture.router { client in
                let response = try await client.call(uri: path, method: .get)
                #expect(response.status == .ok)
            }
        }
    }

    @Test("Without keys a page of another site is refused; with a key it is the key that counts")
    func crossOrigin() async throws {
        try await GatewayFixture.with { fixture in
            let body = fixture.message.body
            try await fixture.live { client in
                for (origin, status) in [
                    ("http://evil.example", HTTPResponse.Status.forbidden), ("null", .forbidden),
                    ("http://localhost", .accepted), ("https://localhost", .accepted),
                    ("http://localhost.evil.example", .forbidden), ("localhost", .forbidden),
                ] {
                    let response = try await client.call(
                        uri: "/v1/jobs", method: .post, headers: [.origin: origin], body: body)
                    #expect(response.status == status, "\(origin)")
                }
            }
            try Self.keyed(&fixture)
            var fields = Self.bearer("alpha")
            fields[.origin] = "http://app.example"
            let headers = fields
            try await fixture.live { client in
                let response = try await client.call(uri: "/v1/jobs", method: .post, headers: headers, body: body)
                #expect(response.status == .accepted)
            }
        }
    }

    static let calls: [(String, HTTPRequest.Method, String?)] = [
        ("/v1/jobs", .post, "submit"), ("/v1/runs", .post, "submit"), ("/v1/files", .post, "submit"),
        ("/v1/jobs/x/cancel", .post, "cancel"), ("/v1/runs/x/cancel", .post, "cancel"), ("/v1/jobs", .get, nil),
        ("/v1/artifacts", .get, nil),
    ]

    @Test("A key without the scope is a 403 that names it", arguments: calls)
    func forbidden(_ path: String, _ method: HTTPRequest.Method, _ scope: String?) async throws {
        try await GatewayFixture.with { fixture in
            try Self.keyed(&fixture)
            try await fixture.router { client in
                let response = try await client.call(uri: path, method: method, headers: Self.bearer("reader"))
                #expect(response.status == (scope == nil ? .ok : .forbidden))
                if let scope { #expect(try response.problem.detail.contains("\"\(scope)\"")) }
            }
        }
    }

    @Test("A tenant's jobs are another tenant's nothing, and the administrator's all")
    func tenants() async throws {
        try await GatewayFixture.with { fixture in
            try Self.keyed(&fixture)
            let (body, recipe, broker) = (fixture.message.body, fixture.recipe.body, fixture.broker)
            try await fixture.router { client in
                let job = try await client.call(
                    uri: "/v1/jobs", method: .post, headers: Self.bearer("alpha"), body: body)
                let id = try #require(job.json["id"]?.stringValue)
                let held = try await broker.job(JobID(id))
                #expect(held?.tenant == "one")
                let run = try await client.call(
                    uri: "/v1/runs", method: .post, headers: Self.bearer("alpha"), body: recipe)
                let runID = try #require(run.json["id"]?.stringValue)
                let paths: [(String, HTTPRequest.Method)] = [
                    ("/v1/jobs/\(id)", .get), ("/v1/jobs/\(id)/events", .get), ("/v1/jobs/\(id)/cancel", .post),
                    ("/v1/jobs/\(id)/retry", .post), ("/v1/runs/\(runID)", .get), ("/v1/runs/\(runID)/cancel", .post),
                    ("/v1/runs/\(runID)/events", .get),
                ]
                for (path, method) in paths {
                    let response = try await client.call(uri: path, method: method, headers: Self.bearer("beta"))
                    #expect(response.status == .notFound, "\(path)")
                }
                for (key, count) in [("alpha", 3), ("reader", 3), ("beta", 0), ("root", 3)] {
                    let list = try await client.call(uri: "/v1/jobs", method: .get, headers: Self.bearer(key))
                    guard case .array(let jobs)? = try list.json["jobs"] else { continue }
                    #expect(jobs.count == count, "\(key)")
                }
                let runs = try await client.call(uri: "/v1/runs", method: .get, headers: Self.bearer("beta"))
                #expect(try runs.json["runs"] == [])
                let untouched = try await broker.job(JobID(id))
                #expect(untouched?.state == .ready)
            }
        }
    }

    @Test(
        "A file of keys with a mistake is refused with its line, never its text",
        arguments: [
            ("only-a-name", "keys:1: expected name"), ("a:b:read", "keys:1: the second part is no SHA-256"),
            (
                "# x\n\nroot:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2:fly",
                "keys:3: unknown scope"
            ),
            ("a b:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2:read", "keys:1: a name"),
            ("a:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2:", "keys:1: the key has no scope"),
            ("a:4813494d137e1631bba301d5acab6e7bb7aa74ce1185d456565ef51d737677b2:read:t t", "keys:1: a tenant"),
            ("# nothing", "keys: holds no key"), ("", "keys: holds no key"),
        ])
    func badFiles(_ text: String, _ hint: String) {
        do {
            _ = try KeyRing(parsing: text, file: "keys")
            Issue.record("accepted")
        } catch {
            #expect(error.description.hasPrefix(hint))
            #expect(!error.description.contains("4813494d"))
        }
    }

    @Test("A name that stands twice is refused")
    func doubleNames() {
        #expect(throws: KeyFileError.self) {
            try KeyRing(parsing: Self.file + "\n" + Self.file, file: "keys")
        }
    }

    @Test("A digest is compared whole")
    func digests() throws {
        let alpha = KeyDigest(of: "alpha")
        let known = try #require(
            KeyDigest(hexadecimal: "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8"))
        #expect(alpha.equals(known))
        let last = try #require(
            KeyDigest(hexadecimal: "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f9"))
        #expect(!alpha.equals(last))
        #expect(KeyDigest(hexadecimal: "8ed3") == nil)
        #expect(KeyDigest(hexadecimal: String(repeating: "g", count: 64)) == nil)
    }
}
