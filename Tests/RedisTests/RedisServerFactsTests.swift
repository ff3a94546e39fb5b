// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Redis

@Suite("A server whose settings lose jobs is told from one that keeps them")
struct RedisServerFactsTests {
    private static let good = RedisServerFacts(
        information: [
            "redis_version": "7.0.15", "aof_enabled": "1", "aof_last_write_status": "ok",
            "aof_last_bgrewrite_status": "ok", "maxmemory": "1073741824", "maxmemory_policy": "noeviction",
        ],
        settings: [
            "maxmemory-policy": "noeviction", "maxmemory": "1073741824", "appendonly": "yes", "appendfsync": "always",
            "aof-load-truncated": "yes", "save": "", "stop-writes-on-bgsave-error": "yes",
        ])

    @Test func nothingIsSaidOfAGoodOne() {
        #expect(Self.good.findings.isEmpty)
    }

    @Test(
        "Each setting is judged by itself",
        arguments: [
            ("maxmemory-policy", "allkeys-lru", RedisServerFacts.Finding.Severity.unsafe),
            ("maxmemory-policy", "volatile-ttl", .unsafe), ("appendonly", "no", .unsafe), ("maxmemory", "0", .warning),
            ("appendfsync", "no", .warning), ("aof-load-truncated", "no", .warning), ("save", "3600 1", .warning),
        ])
    func settings(name: String, value: String, severity: RedisServerFacts.Finding.Severity) {
        var facts = Self.good
        facts.settings?[name] = value
        #expect(facts.findings.map(\.severity) == [severity])
        #expect(facts.findings.allSatisfy { $0.text.contains(name) })
    }

    @Test("So is each state", arguments: ["aof_last_write_status", "aof_last_bgrewrite_status"])
    func states(field: String) {
        var facts = Self.good
        facts.information?[field] = "err"
        #expect(facts.findings.map(\.severity) == [.warning])
        #expect(facts.findings.allSatisfy { $0.text.contains(field) })
    }

    @Test func snapshotsThatStopNothingAreFine() {
        var facts = Self.good
        facts.settings?["save"] = "3600 1"
        facts.settings?["stop-writes-on-bgsave-error"] = "no"
        #expect(facts.findings.isEmpty)
    }

    @Test("Without CONFIG GET the two that matter come from INFO, and what was not looked at is named")
    func informationOnly() {
        var facts = Self.good
        facts.settings = nil
        #expect(facts.findings.map(\.severity) == [.unchecked])
        #expect(facts.findings[0].text.contains("+config|get"))
        facts.information?["aof_enabled"] = "0"
        facts.information?["maxmemory_policy"] = "allkeys-lfu"
        #expect(facts.findings.map(\.severity) == [.unsafe, .unsafe, .unchecked])
    }

    @Test("Without either, all of it is named as not looked at")
    func nothing() {
        let findings = RedisServerFacts(information: nil, settings: nil).findings
        #expect(findings.allSatisfy { $0.severity == .unchecked })
        for name in ["maxmemory-policy", "appendonly", "+info", "+config|get"] {
            #expect(findings.contains { $0.text.contains(name) }, "\(name)")
        }
    }

    @Test func anOldServerIsRefused() {
        var facts = Self.good
        facts.information?["redis_version"] = "6.2.14"
        #expect(facts.findings.map(\.severity) == [.unsafe])
    }

    @Test("A real server is read: its settings, then what is left of them for a user that may not ask")
    func realServer() async throws {
        try await RedisFixture.with(options: ["--maxmemory", "100mb"]) { redis in
            let connection = try await redis.connect()
            #expect(try await RedisServerFacts.read(over: connection).findings == [])
            try await connection.send(RedisCommand("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"))
            try await connection.send(RedisCommand("CONFIG", "SET", "appendonly", "no"))
            let unsafe = try await RedisServerFacts.read(over: connection).findings
            #expect(unsafe.map(\.severity) == [.unsafe, .unsafe])
            for (rights, known) in [(["+info"], 2), ([], 0)] {
                let name = "u\(known)"
                try await connection.send(
                    RedisCommand("ACL", arguments: ["SETUSER", name, "on", ">p", "-@all"] + rights))
                let limited = try await RedisConnection.connect(
                    to: RedisConfiguration(url: "redis://\(name):p@127.0.0.1:\(redis.port)"))
                let facts = try await RedisServerFacts.read(over: limited)
                #expect(facts.settings == nil)
                #expect(facts.findings.filter { $0.severity == .unsafe }.count == known)
                #expect(facts.findings.contains { $0.severity == .unchecked })
                await limited.close()
            }
        }
    }
}
