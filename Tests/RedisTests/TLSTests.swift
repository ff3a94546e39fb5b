// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Redis

@Suite("TLS to a real server: what is sent arrives, and who is not trusted is told so")
struct TLSTests {
    /// The error of a connection that must not come about.
    private func refusal(_ configuration: RedisConfiguration) async throws -> RedisError {
        try await #require(throws: RedisError.self) { _ = try await RedisConnection.connect(to: configuration) }
    }

    @Test("Commands, large values, pipelines and blocking reads, by name and by address")
    func commands() async throws {
        try await RedisFixture.withTLS { redis, certificates in
            for host in ["127.0.0.1", "localhost"] {
                var configuration = try RedisConfiguration(url: "rediss://\(host):\(redis.port)")
                configuration.tls = certificates.tls()
                let connection = try await RedisConnection.connect(to: configuration)
                #expect(connection.serverRunID?.count == 40)
                let large = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                var store = RedisCommand("SET", "large")
                store.append(large)
                try await connection.send(store)
                #expect(try await connection.send(RedisCommand("GET", "large")).bytes == large)
                let many = try await connection.pipeline(
                    (0..<2000).map { RedisCommand("ECHO", String(repeating: "x", count: $0)) })
                #expect(many.map { $0.bytes?.count } == Array(0..<2000))
                let empty = try await connection.wait(RedisCommand("BLPOP", "l", "0.05"), limit: .milliseconds(50))
                #expect(empty == .null)
                #expect(connection.isUsable)
                await connection.close()
            }
        }
    }

    @Test("Whom no trusted authority has signed is refused, whatever authority is asked")
    func authority() async throws {
        try await RedisFixture.withTLS { redis, certificates in
            var configuration = redis.configuration
            configuration.tls?.authorities = certificates.otherAuthority
            let other = try await refusal(configuration)
            #expect(other.code == .tlsFailed)
            #expect(other.detail.contains("no trusted authority") && other.detail.contains("MELLAMA_REDIS_CA"))
            // The system's authorities did not sign it either.
            configuration.tls?.authorities = nil
            #expect(try await refusal(configuration).detail.contains("no trusted authority"))
            configuration.tls?.authorities = "/nowhere/ca.pem"
            let missing = try await refusal(configuration)
            #expect(missing.code == .invalidConfiguration)
            #expect(missing.detail.contains("/nowhere/ca.pem"))
            configuration.tls?.authorities = certificates.key(.server)
            #expect(try await refusal(configuration).code == .invalidConfiguration)
        }
    }

    @Test("A certificate out of its time is refused")
    func expired() async throws {
        try await RedisFixture.withTLS(as: .expired) { redis, _ in
            let error = try await refusal(redis.configuration)
            #expect(error.code == .tlsFailed)
            #expect(error.detail.contains("out of its time") && error.detail.contains("expired"))
        }
    }

    @Test("A certificate for another host is refused, by name and by address", arguments: ["localhost", "127.0.0.1"])
    func otherName(host: String) async throws {
        try await RedisFixture.withTLS(as: .elsewhere) { redis, _ in
            var configuration = redis.configuration
            configuration.endpoint = .tcp(host: host, port: redis.port)
            let error = try await refusal(configuration)
            #expect(error.code == .tlsFailed)
            #expect(error.detail.contains("another name than \(host)"))
        }
    }

    @Test("TLS to a plain port, and plain text to a TLS port, say which URL to write")
    func mismatch() async throws {
        try await RedisFixture.with { redis in
            var configuration = redis.configuration
            configuration.tls = RedisConfiguration.TLS()
            configuration.connectTimeout = .seconds(1)
            let error = try await refusal(configuration)
            #expect(error.description.contains("redis://"))
            #expect(error.code == .connectFailed || error.code == .tlsFailed)
        }
        try await RedisFixture.withTLS { redis, _ in
            var configuration = redis.configuration
            configuration.tls = nil
            let plain = try await refusal(configuration)
            #expect(plain.description.contains("rediss://"))
        }
    }

    @Test("A server that asks for a client certificate gets one, and says who is refused")
    func clientCertificate() async throws {
        try await RedisFixture.withTLS(asksClients: true) { redis, certificates in
            var configuration = redis.configuration
            #expect(try await refusal(configuration).description.contains("MELLAMA_REDIS_CERTIFICATE"))
            configuration.tls = certificates.tls(as: .stranger)
            #expect(try await refusal(configuration).description.contains("MELLAMA_REDIS_CERTIFICATE"))
            configuration.tls?.certificate = certificates.certificate(.client)
            let mixed = try await refusal(configuration)
            #expect(mixed.code == .invalidConfiguration)
            #expect(mixed.detail.contains("stranger.key"))
            configuration.tls = certificates.tls(as: .client)
            let connection = try await RedisConnection.connect(to: configuration)
            #expect(try await connection.send(RedisCommand("PING")).string == "PONG")
        }
    }

    @Test("TLS below 1.2 is not spoken")
    func oldProtocol() async throws {
        try await RedisFixture.withTLS { redis, _ in
            let admin = try await RedisConnection.connect(to: redis.socketConfiguration)
            try await admin.send(RedisCommand("CONFIG", "SET", "tls-protocols", "TLSv1.1"))
            #expect(try await refusal(redis.configuration).code == .tlsFailed)
            try await admin.send(RedisCommand("CONFIG", "SET", "tls-protocols", "TLSv1.2"))
            let connection = try await RedisConnection.connect(to: redis.configuration)
            #expect(try await connection.send(RedisCommand("PING")).string == "PONG")
        }
    }

    @Test("A connection cut in the middle of a reply is lost, not a short reply")
    func cutOff() async throws {
        try await RedisFixture.withTLS { redis, _ in
            let direct = try await redis.connect()
            try await direct.send(RedisCommand("SET", "k", String(repeating: "x", count: 500_000)))
            let proxy = try CuttingProxy(to: redis.port, cuttingAfter: 200_000)
            var configuration = redis.configuration
            configuration.endpoint = .tcp(host: "127.0.0.1", port: proxy.port)
            let connection = try await RedisConnection.connect(to: configuration)
            let error = try await #require(throws: RedisError.self) {
                try await connection.send(RedisCommand("GET", "k"))
            }
            #expect(error.code == .connectionLost)
            #expect(!connection.isUsable)
            // In the middle of the handshake too.
            let early = try CuttingProxy(to: redis.port, cuttingAfter: 100)
            configuration.endpoint = .tcp(host: "127.0.0.1", port: early.port)
            let cut = try await refusal(configuration)
            #expect(cut.code == .connectFailed)
            #expect(cut.detail.contains("handshake"))
        }
    }

    @Test("A silent server times out; a cancelled wait ends at once")
    func deadlines() async throws {
        try await RedisFixture.withTLS { redis, _ in
            let waiting = try await redis.connect()
            let start = ContinuousClock.now
            await withTaskGroup(of: RedisError.Code?.self) { group in
                group.addTask {
                    do {
                        _ = try await waiting.wait(RedisCommand("BLPOP", "l", "30"), limit: .seconds(30))
                        return nil
                    } catch { return (error as? RedisError)?.code }
                }
                try? await Task.sleep(for: .milliseconds(50))
                group.cancelAll()
                #expect(await group.next() == .cancelled)
            }
            #expect(ContinuousClock.now - start < .seconds(15))

            var configuration = redis.configuration
            configuration.commandTimeout = .milliseconds(100)
            configuration.connectTimeout = .milliseconds(300)
            let connection = try await RedisConnection.connect(to: redis.configuration)
            redis.suspend()
            let late = try await #require(throws: RedisError.self) {
                try await connection.send(RedisCommand("PING"), timeout: .milliseconds(100))
            }
            #expect(late.code == .timedOut)
            let silent = try await refusal(configuration)
            #expect(silent.code == .connectFailed && silent.isRetryable)
            redis.resume()
        }
    }
}
