// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import Messages
import Synchronization
import Telemetry
import Testing

@testable import gateway

@Suite("Logs tell of requests, never of what they carry")
struct LogTests {
    /// Every line, with its metadata, as text.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            lines.add("\(event.message) " + all.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " "))
        }
    }

    @Test("A request is one line: method, route pattern, status, duration, request id, key name")
    func accessLog() async throws {
        let lines = Lines()
        try await GatewayFixture.with { fixture in
            try AccessTests.keyed(&fixture)
            fixture.logger = Logger(label: "test") { _ in Handler(lines: lines) }
            let requestID = try #require(HTTPField.Name("x-request-id"))
            var headers = AccessTests.bearer("alpha")
            headers[requestID] = "my-id.1"
            let body = fixture.message.with(["payload", "texts"], ["patient Weber has fever"]).body
            let (fields, path) = (headers, "/v1/jobs/some-job-id")
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs", method: .post, headers: fields, body: body)
                #expect(response.headers[requestID] == "my-id.1")
                _ = try await client.call(uri: path, method: .get, headers: fields)
                _ = try await client.call(uri: "/v1/jobs?state=Weber", method: .get, headers: fields)
                _ = try await client.call(
                    uri: "/v1/jobs", method: .post, headers: fields, body: ByteBuffer(string: "{\"Weber\": "))
            }
        }
        let requests = lines.all.filter { $0.hasPrefix("request ") }
        #expect(requests.count == 4)
        let first = try #require(requests.first)
        for part in ["method=POST", "route=/v1/jobs", "status=202", "request_id=my-id.1", "key=alpha", "duration_ms="] {
            #expect(first.contains(part), "\(part)")
        }
        #expect(requests[1].contains("route=/v1/jobs/{id}"))
        for line in lines.all {
            #expect(!line.contains("Weber"))
            #expect(!line.contains("some-job-id"))
            #expect(!line.contains("Bearer"))
        }
    }

    @Test(
        "A request id that could forge a line is replaced",
        arguments: ["a b", "x;y", String(repeating: "a", count: 129)])
    func forgedIDs(_ id: String) async throws {
        try await GatewayFixture.with { fixture in
            let name = try #require(HTTPField.Name("x-request-id"))
            try await fixture.router { client in
                let response = try await client.call(uri: "/healthz", method: .get, headers: [name: id])
                let given = try #require(response.headers[name])
                #expect(given != id)
                #expect(given.utf8.count == 24)
            }
        }
    }

    @Test("A trace context goes into the job, and is made where there is none")
    func traces() async throws {
        let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        try await GatewayFixture.with { fixture in
            let (body, broker) = (fixture.message.body, fixture.broker)
            let name = try #require(HTTPField.Name("traceparent"))
            try await fixture.router { client in
                for sent in [given, "00-0-0-01", nil] {
                    let headers: HTTPFields = sent.map { [name: $0] } ?? [:]
                    _ = try await client.call(uri: "/v1/jobs", method: .post, headers: headers, body: body)
                    let claimed = try await JobRouteTests.claim(broker)
                    let trace = try #require(claimed.traceparent)
                    let context = try #require(TraceContext(traceparent: trace))
                    // The job is below the submission, which is below what the client sent.
                    #expect(context.span != "b7ad6b7169203331")
                    #expect((context.trace == "0af7651916cd43dd8448eb211c80319c") == (sent == given))
                }
            }
        }
    }
}
