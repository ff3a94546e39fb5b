// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Redis
import TestSupport
import Testing

@Suite("A service starts on a Redis that keeps jobs and can be trusted, and says in one line why on no other")
struct RedisAdmissionTests {
    /// What a service says that must not start.
    private func refusal(_ arguments: [String] = [], _ environment: [String: String]) throws -> String {
        let result = try ServiceProcess.run(["serve"] + arguments, environment: environment)
        #expect(result.status == 1)
        let lines = result.errors.split(separator: "\n").filter { !$0.hasPrefix("{") }
        #expect(lines.count == 1, "\(result.errors)")
        #expect(!result.errors.contains("sesame"))
        return lines.last.map(String.init) ?? ""
    }

    /// Starts a service, waits until it has said this, and stops it.
    private func serve(
        _ arguments: [String] = [], _ environment: [String: String], until saying: String
    ) async throws -> String {
        let process = try ServiceProcess(["serve"] + arguments, environment: environment)
        let hasSaid = try await ServiceProcess.wait { process.said.contains(saying) }
        #expect(hasSaid, "\(process.said)")
        process.signal(SIGTERM)
        let result = try process.finish()
        #expect(result.status == 143)
        return result.errors
    }

    @Test("One that evicts or has no append-only file is refused, unless that is accepted")
    func unsafe() async throws {
        let options = ["--maxmemory-policy", "allkeys-lru", "--appendonly", "no"]
        try await RedisFixture.with(options: options) { redis in
            let environment = ["MELLAMA_REDIS_URL": redis.url]
            let line = try refusal([], environment)
            for part in ["tokenizer: ", "127.0.0.1", "allkeys-lru", "appendonly", "--accept-unsafe-redis"] {
                #expect(line.contains(part), "\(line)")
            }
            let log = try await serve(["--accept-unsafe-redis"], environment, until: "\"Serving\"")
            #expect(log.contains("that was accepted"))
            let further = environment.merging(["MELLAMA_ACCEPT_UNSAFE_REDIS": "true"]) { $1 }
            #expect(try await serve([], further, until: "\"Serving\"").contains("that was accepted"))
        }
    }

    @Test("One that could be set better is warned of; what a user may not see is named")
    func warnings() async throws {
        try await RedisFixture.with { redis in
            let log = try await serve([], ["MELLAMA_REDIS_URL": redis.url], until: "\"Serving\"")
            #expect(log.contains("maxmemory is not set"))
            let admin = try await redis.connect()
            try await admin.send(
                RedisCommand("ACL", "SETUSER", "u", "on", ">sesame", "~*", "+@all", "-config"))
            let url = "redis://u:sesame@127.0.0.1:\(redis.port)"
            #expect(try await serve([], ["MELLAMA_REDIS_URL": url], until: "\"Serving\"").contains("+config|get"))
        }
    }

    @Test("A wrong password, and a user that may not, end the start at once")
    func credentials() async throws {
        try await RedisFixture.with { redis in
            let admin = try await redis.connect()
            try await admin.send(RedisCommand("ACL", "SETUSER", "u", "on", ">right", "~*", "+ping"))
            let wrong = try refusal([], ["MELLAMA_REDIS_URL": "redis://u:sesame@127.0.0.1:\(redis.port)"])
            #expect(wrong.contains("WRONGPASS") && wrong.contains("MELLAMA_REDIS_URL"))
            try await admin.send(RedisCommand("ACL", "SETUSER", "u", ">sesame"))
            let few = try refusal(
                ["--start-timeout", "1"], ["MELLAMA_REDIS_URL": "redis://u:sesame@127.0.0.1:\(redis.port)"])
            #expect(few.contains("NOPERM") && few.contains("docs/operations.md"))
        }
    }

    @Test("Over TLS it serves where it trusts, and says which file is missing where it does not")
    func encrypted() async throws {
        try await RedisFixture.withTLS(asksClients: true) { redis, certificates in
            var environment = ["MELLAMA_REDIS_URL": redis.url]
            #expect(try refusal([], environment).contains("MELLAMA_REDIS_CA"))
            let arguments = [
                "--redis-ca", certificates.authority, "--redis-certificate", certificates.certificate(.client),
                "--redis-key", certificates.key(.client),
            ]
            _ = try await serve(arguments, environment, until: "\"Serving\"")
            environment["MELLAMA_REDIS_URL"] = "redis://127.0.0.1:\(redis.port)"
            #expect(try refusal(arguments, environment).contains("rediss://"))
        }
    }
}
