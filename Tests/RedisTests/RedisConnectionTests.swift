// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import TestSupport
import Testing

@testable import Redis

@Suite("A connection talks to a real server and dies cleanly")
struct RedisConnectionTests {
    @Test("Commands, binary values and pipelines over TCP and a unix socket")
    func commands() async throws {
        try await RedisFixture.with { redis in
            for configuration in [redis.configuration, redis.socketConfiguration] {
                let connection = try await RedisConnection.connect(to: configuration)
                #expect(try await connection.send(RedisCommand("PING")) == .status("PONG"))
                var set = RedisCommand("SET", "k")
                set.append([0, 13, 10, 255])
                try await connection.send(set)
                #expect(try await connection.send(RedisCommand("GET", "k")).bytes == [0, 13, 10, 255])
                let replies = try await connection.pipeline([
                    RedisCommand("SET", "n", "1"), RedisCommand("LPUSH", "n", "secretvalue"), RedisCommand("INCR", "n"),
                    RedisCommand("GET", ""),
                ])
                #expect(replies[0] == .status("OK"))
                guard case .error(let error) = replies[1] else {
                    Issue.record("LPUSH on a string must fail")
                    return
                }
                #expect(error.code == .serverError)
                #expect(replies[2...] == [.integer(2), .null])
                #expect(connection.isUsable)
                let large = [UInt8](repeating: 7, count: 3_000_000)
                var store = RedisCommand("SET", "large")
                store.append(large)
                try await connection.send(store)
                #expect(try await connection.send(RedisCommand("GET", "large")).bytes == large)
                await connection.close()
            }
        }
    }

    @Test("Passwords and databases; a wrong password is a clear error without the password")
    func credentials() async throws {
        try await RedisFixture.with(options: ["--databases", "4"]) { redis in
            let admin = try await redis.connect()
            try await admin.send(RedisCommand("CONFIG", "SET", "requirepass", "sesame"))
            let url = "redis://:sesame@127.0.0.1:\(redis.port)/3"
            let connection = try await RedisConnection.connect(to: RedisConfiguration(url: url))
            let information = try await connection.send(RedisCommand("CLIENT", "INFO"))
            #expect(information.string?.contains(" db=3 ") == true)
            for url in ["redis://:open@127.0.0.1:\(redis.port)", "redis://127.0.0.1:\(redis.port)/1"] {
                let error = await #expect(throws: RedisError.self) {
                    _ = try await RedisConnection.connect(to: RedisConfiguration(url: url))
                }
                #expect(error?.code == .authenticationFailed)
                #expect(error?.description.contains("open") == false)
            }
            let missing = await #expect(throws: RedisError.self) {
                _ = try await RedisConnection.connect(
                    to: RedisConfiguration(url: "redis://:sesame@127.0.0.1:\(redis.port)/9"))
            }
            #expect(missing?.code == .serverError)
        }
    }

    @Test("A command without an answer times out, and the connection is never used again")
    func timeout() async throws {
        try await RedisFixture.with { redis in
            var configuration = redis.configuration
            configuration.commandTimeout = .milliseconds(100)
            let connection = try await RedisConnection.connect(to: configuration)
            redis.suspend()
            let error = await #expect(throws: RedisError.self) { try await connection.send(RedisCommand("PING")) }
            #expect(error?.code == .timedOut)
            redis.resume()
            #expect(!connection.isUsable)
            let second = await #expect(throws: RedisError.self) { try await connection.send(RedisCommand("PING")) }
            #expect(second?.code == .closed)
        }
    }

    @Test("A blocking wait gets its value, times out on the server, and ends at once when cancelled")
    func blocking() async throws {
        try await RedisFixture.with { redis in
            let waiting = try await redis.connect()
            let other = try await redis.connect()
            async let popped = waiting.wait(RedisCommand("BLPOP", "list", "5"), limit: .seconds(5))
            try await eventually {
                try await other.send(RedisCommand("INFO", "clients")).string?.contains("blocked_clients:1") == true
            }
            try await other.send(RedisCommand("LPUSH", "list", "x"))
            #expect(try await popped.array?.last == .bulk([120]))
            #expect(try await waiting.wait(RedisCommand("BLPOP", "list", "0.05"), limit: .milliseconds(50)).isNull)

            let start = ContinuousClock.now
            let code = try await withThrowingTaskGroup(of: RedisError.Code?.self) { group in
                group.addTask {
                    do {
                        _ = try await waiting.wait(RedisCommand("BLPOP", "list", "30"), limit: .seconds(30))
                        return nil
                    } catch { return (error as? RedisError)?.code }
                }
                try await eventually {
                    try await other.send(RedisCommand("INFO", "clients")).string?.contains("blocked_clients:1") == true
                }
                group.cancelAll()
                return try await group.next() ?? nil
            }
            #expect(code == .cancelled)
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(!waiting.isUsable)
        }
    }

    @Test("Eight blocked connections leave the cooperative pool free")
    func pool() async throws {
        try await RedisFixture.with { redis in
            let start = ContinuousClock.now
            try await withThrowingTaskGroup { group in
                for index in 0..<8 {
                    group.addTask {
                        let connection = try await redis.connect()
                        _ = try await connection.wait(RedisCommand("BLPOP", "l\(index)", "0.5"), limit: .seconds(1))
                    }
                }
                try await group.waitForAll()
            }
            // One after the other they would take four seconds.
            #expect(ContinuousClock.now - start < .milliseconds(2500))
        }
    }

    @Test("A script runs by its digest, and by its source after the cache was emptied")
    func scripts() async throws {
        try await RedisFixture.with { redis in
            let connection = try await redis.connect()
            let script = RedisScript(name: "add", source: "return redis.call('INCRBY', KEYS[1], ARGV[1])")
            #expect(try await connection.send(RedisCommand("SCRIPT", "LOAD", script.source)).string == script.digest)
            for expected in 1...3 {
                let value = try await connection.run(script, keys: ["n"], arguments: ["1"])
                #expect(value == .integer(expected))
                try await connection.send(RedisCommand("SCRIPT", "FLUSH"))
            }
            let broken = RedisScript(name: "broken", source: "return redis.call('LPUSH', KEYS[1], ARGV[1])")
            let error = await #expect(throws: RedisError.self) {
                try await connection.run(broken, keys: ["n"], arguments: ["patient"])
            }
            #expect(error?.operation == "script broken")
            #expect(error?.description.contains("patient") == false)
        }
    }

    @Test("No server, no route: errors that say where and what to do")
    func unreachable() async throws {
        let absent = await #expect(throws: RedisError.self) {
            _ = try await RedisConnection.connect(to: RedisConfiguration(url: "unix:///tmp/mellama-no-such-socket"))
        }
        #expect(absent?.code == .connectFailed)
        #expect(absent?.description.contains("/tmp/mellama-no-such-socket") == true)
        let refused = await #expect(throws: RedisError.self) {
            _ = try await RedisConnection.connect(to: RedisConfiguration(url: "redis://127.0.0.1:1"))
        }
        #expect(refused?.description.contains("127.0.0.1:1") == true)
    }
}
