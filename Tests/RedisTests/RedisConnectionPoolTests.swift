// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization
import TestSupport
import Testing

@testable import Redis

@Suite("A pool lends few connections to many and survives the server's death")
struct RedisConnectionPoolTests {
    @Test("Fifty borrowers share three connections")
    func bounded() async throws {
        try await RedisFixture.with { redis in
            let pool = RedisConnectionPool(configuration: redis.configuration, limit: 3, logger: redis.logger)
            try await withThrowingTaskGroup { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await pool.withConnection { _ = try await $0.send(RedisCommand("INCR", "n")) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(pool.connectionsMade <= 3)
            let count = try await pool.withConnection { try await $0.send(RedisCommand("GET", "n")).integer }
            #expect(count == 50)
            await pool.close()
            let error = await #expect(throws: RedisError.self) { try await pool.withConnection { _ in } }
            #expect(error?.code == .closed)
        }
    }

    @Test("After kill -9 and a restart the same pool goes on, each new connection prepared first")
    func restart() async throws {
        try await RedisFixture.with { redis in
            let prepared = Mutex<Set<String>>([])
            let pool = RedisConnectionPool(configuration: redis.configuration, limit: 2, logger: redis.logger) {
                connection in
                prepared.withLock { _ = $0.insert(connection.serverRunID ?? "") }
            }
            try await pool.withConnection { _ = try await $0.send(RedisCommand("SET", "k", "v")) }
            redis.kill()
            let lost = await #expect(throws: RedisError.self) {
                try await pool.withConnection { _ = try await $0.send(RedisCommand("GET", "k")) }
            }
            #expect(lost?.isRetryable == true)
            async let value = pool.retrying(for: .seconds(10)) { try await $0.send(RedisCommand("GET", "k")).string }
            try await redis.start()
            #expect(try await value == "v")
            #expect(prepared.withLock { $0.count } == 2)
        }
    }

    @Test("A borrower cancelled while waiting leaves the queue; the next one is served")
    func cancellation() async throws {
        try await RedisFixture.with { redis in
            let pool = RedisConnectionPool(configuration: redis.configuration, limit: 1, logger: redis.logger)
            let lent = TestSignal<Void>()
            let release = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await pool.withConnection { _ in
                        lent.send()
                        try await release.next()
                    }
                }
                try await lent.next()
                await withTaskGroup(of: RedisError.Code?.self) { waiting in
                    waiting.addTask {
                        do {
                            try await pool.withConnection { _ in }
                            return nil
                        } catch { return (error as? RedisError)?.code }
                    }
                    waiting.cancelAll()
                    #expect(await waiting.next() == .cancelled)
                }
                release.send()
                try await group.waitForAll()
            }
            let pong = try await pool.withConnection { try await $0.send(RedisCommand("PING")).string }
            #expect(pong == "PONG")
        }
    }
}
