// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis
import Synchronization
import TestSupport
import Testing

@Suite("A pool's observer hears of calls and connections, and of nothing they carry")
struct RedisObserverTests {
    /// Keeps what it hears as text.
    final class Listener: RedisObserver {
        private let heard = Mutex<[String]>([])
        var all: [String] { heard.withLock { $0 } }
        func answered(_ operation: String, after time: Duration) {
            heard.withLock { $0.append("\(operation)\(time > .zero ? "" : " took no time")") }
        }
        func failed(_ operation: String, code: RedisError.Code) {
            heard.withLock { $0.append("\(operation) failed: \(code)") }
        }
        func connected(isReplacement: Bool) {
            heard.withLock { $0.append(isReplacement ? "connected again" : "connected") }
        }
    }

    @Test func callsAreTimedAndFailuresToldByName() async throws {
        try await RedisFixture.with { redis in
            let listener = Listener()
            let pool = RedisConnectionPool(
                configuration: redis.configuration, limit: 1, logger: redis.logger, observer: listener)
            let script = RedisScript(name: "double", source: "return ARGV[1] * 2")
            try await pool.withConnection { connection in
                try await connection.send(RedisCommand("SET", "secret", "patient Weber"))
                try await connection.run(script, keys: [], arguments: ["21"])
                try await connection.run(script, keys: [], arguments: ["21"])
                // Meant to block: no time of it tells anything.
                _ = try await connection.wait(RedisCommand("BLPOP", "nothing", "0.01"), limit: .milliseconds(10))
                _ = try? await connection.send(RedisCommand("LPUSH", "secret", "patient Weber"))
            }
            #expect(
                listener.all == [
                    "connected", "SET", "script double", "script double failed: noScript", "script double",
                    "script double", "LPUSH", "LPUSH failed: serverError",
                ])
            try await redis.restart()
            _ = try await pool.retrying(for: .seconds(10)) { try await $0.send(RedisCommand("PING")) }
            #expect(listener.all.contains("connected again"))
            #expect(listener.all.last == "PING")
            redis.kill()
            await #expect(throws: RedisError.self) {
                try await pool.withConnection { try await $0.send(RedisCommand("PING")) }
            }
            await #expect(throws: RedisError.self) {
                try await pool.withConnection { try await $0.send(RedisCommand("PING")) }
            }
            #expect(listener.all.last == "connect failed: connectFailed")
            await pool.close()
        }
    }
}
