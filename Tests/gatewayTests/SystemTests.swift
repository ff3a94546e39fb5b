// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import ServiceRuntime
import Testing

@testable import gateway

@Suite("Probes, metrics and settings")
struct SystemTests {
    @Test("Health and readiness are 200 with a queue")
    func probes() async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.live { client in
                let health = try await client.call(uri: "/healthz", method: .get)
                #expect(try health.json["status"] == "ok")
                let ready = try await client.call(uri: "/readyz", method: .get)
                #expect(try ready.json["status"] == "ready")
            }
        }
    }

    @Test("The metrics page has the process's metrics and the queue's depth by kind, no id among them")
    func metrics() async throws {
        try await GatewayFixture.with { fixture in
            let body = fixture.message.body
            try await fixture.router { client in
                let job = try await client.call(uri: "/v1/jobs", method: .post, body: body)
                let page = try await client.call(uri: "/metrics", method: .get)
                #expect(page.headers[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
                #expect(page.text.hasPrefix("# metrics\n"))
                for line in [
                    "mellama_queue_depth{kind=\"tokenize.text\",state=\"ready\"} 1\n",
                    "mellama_queue_depth{kind=\"tokenize.text\",state=\"parked\"} 0\n",
                    "mellama_queue_depth{kind=\"tokenize.text\",state=\"dead\"} 0\n",
                    "mellama_queue_submitted_total{kind=\"tokenize.text\"} 1\n",
                    "mellama_queue_completed_total{kind=\"tokenize.text\",outcome=\"upstream_failed\"} 0\n",
                    "# TYPE mellama_queue_oldest_ready_seconds gauge\n",
                ] {
                    #expect(page.text.contains(line), "\(line)")
                }
                #expect(page.text.contains("mellama_queue_up 1\n"))
                #expect(!page.text.contains(try #require(job.json["id"]?.stringValue)))
            }
        }
    }

    @Test("Without keys the gateway serves loopback, and elsewhere only if told to")
    func insecureHosts() throws {
        func settings(_ flags: [String: String]) throws -> GatewaySettings {
            try GatewaySettings(
                SettingsReader(
                    flags: flags, environment: [:], keys: SettingKey.everyService + SettingKey.gatewayOnly))
        }
        for host in ["127.0.0.1", "localhost", "::1", "127.0.0.2"] {
            #expect(try settings(["host": host]).keyRing().isOpen)
        }
        for host in ["0.0.0.0", "::", "192.168.1.7", "gateway"] {
            #expect(throws: KeyFileError.self) { try settings(["host": host]).keyRing() }
            #expect(try settings(["host": host, "insecure-open": "true"]).keyRing().isOpen)
        }
        #expect(throws: KeyFileError.self) { try settings(["api-keys-file": "/nowhere/keys"]).keyRing() }
        #expect(throws: SettingsError.self) { try settings(["port": "0"]) }
        #expect(try settings(["upload-limit": "2KiB"]).limits.uploadBytes == 2048)
    }

    @Test("Escapes of a path are decoded once")
    func percentDecoding() {
        #expect(PercentDecoding.decode("a%20b%2Fc") == "a b/c")
        #expect(PercentDecoding.decode("%252e") == "%2e")
        for broken in ["%", "%2", "%zz", "%+1", "%ff"] { #expect(PercentDecoding.decode(broken) == nil) }
    }

    @Test("A client that leaves in mid-stream harms nobody")
    func disconnects() async throws {
        try await GatewayFixture.with { fixture in
            let copy = fixture
            try await fixture.live { client in
                let id = try await JobRouteTests.submit(copy, client)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // The stream has no end, so the client's own patience ends it.
                        _ = try? await client.call(uri: "/v1/jobs/\(id)/events", method: .get)
                    }
                    try await Task.sleep(for: .milliseconds(150))
                    group.cancelAll()
                    copy.shutdown.set()
                }
            }
        }
    }
}
