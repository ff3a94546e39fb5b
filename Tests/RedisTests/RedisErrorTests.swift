// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

@testable import Redis

@Suite("What Redis refuses for a while is waited for; what it refuses for good is said")
struct RedisErrorTests {
    @Test(
        "Every reply that means wait and try again",
        arguments: [
            "LOADING Redis is loading the dataset in memory",
            "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
            "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
            "READONLY You can't write against a read only replica.",
            "TRYAGAIN Multiple keys request during rehashing of slot", "CLUSTERDOWN The cluster is down",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
            "NOSCRIPT No matching script. Please use EVAL.", "NOREPLICAS Not enough good replicas to write.",
        ])
    func retryable(reply: String) {
        #expect(RedisError(reply: reply, operation: "X").isRetryable)
    }

    @Test(
        "Every reply that waiting does not mend",
        arguments: [
            "ERR unknown command", "WRONGTYPE Operation against a key", "NOAUTH Authentication required.",
            "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM this user has no permissions to run the 'get' command", "BUSYGROUP Consumer Group name exists",
        ])
    func permanent(reply: String) {
        #expect(!RedisError(reply: reply, operation: "X").isRetryable)
    }

    /// The code with which the server refuses the command.
    private func refusal(_ connection: RedisConnection, _ words: String...) async -> RedisError.Code? {
        do {
            try await connection.send(RedisCommand(words[0], arguments: Array(words.dropFirst())))
            return nil
        } catch { return error.code }
    }

    @Test("A real server says BUSY, READONLY, MASTERDOWN, OOM, MISCONF and NOSCRIPT, and is fit for use afterwards")
    func realServer() async throws {
        try await RedisFixture.with { redis in
            let connection = try await redis.connect()
            func configure(_ name: String, _ value: String) async throws {
                try await connection.send(RedisCommand("CONFIG", "SET", name, value))
            }
            #expect(await refusal(connection, "EVALSHA", String(repeating: "0", count: 40), "0") == .noScript)

            try await configure("maxmemory", "1")
            #expect(await refusal(connection, "SET", "k", "v") == .outOfMemory)
            try await configure("maxmemory", "0")

            try await connection.send(RedisCommand("REPLICAOF", "127.0.0.1", "1"))
            #expect(await refusal(connection, "SET", "k", "v") == .readOnly)
            try await configure("replica-serve-stale-data", "no")
            #expect(await refusal(connection, "GET", "k") == .masterDown)
            try await connection.send(RedisCommand("REPLICAOF", "NO", "ONE"))

            // A snapshot that can't take its place: a folder stands there.
            try FileManager.default.createDirectory(
                atPath: "\(redis.folder)/dump.rdb", withIntermediateDirectories: false)
            try await configure("save", "3600 1")
            try await connection.send(RedisCommand("BGSAVE"))
            try await eventually { await refusal(connection, "SET", "k", "v") == .misconfigured }
            try await configure("save", "")

            try await configure("busy-reply-threshold", "10")
            let script = RedisScript(
                name: "spin", source: "local t = redis.call('TIME')[1] while redis.call('TIME')[1] - t < 2 do end")
            let other = try await redis.connect()
            async let spinning = other.run(script, keys: [], arguments: [])
            try await eventually { await refusal(connection, "GET", "k") == .busy }
            _ = try await spinning
            try await connection.send(RedisCommand("SET", "k", "v"))
            #expect(connection.isUsable)
        }
    }

    @Test("Who may not: the error says what is missing, and no password")
    func permissions() async throws {
        try await RedisFixture.with { redis in
            let admin = try await redis.connect()
            try await admin.send(
                RedisCommand("ACL", "SETUSER", "few", "on", ">sesame", "~mine:*", "+get", "+set", "+eval", "+info"))
            let url = "redis://few:sesame@127.0.0.1:\(redis.port)"
            let few = try await RedisConnection.connect(to: RedisConfiguration(url: url))
            try await few.send(RedisCommand("SET", "mine:k", "patient"))
            let script = "return redis.call('LPUSH', KEYS[1], ARGV[1])"
            for (words, missing) in [
                (["CONFIG", "GET", "save"], "+config|get"), (["LPUSH", "mine:k", "patient"], "+lpush"),
                (["GET", "other"], "MELLAMA_NAMESPACE"), (["EVAL", script, "1", "mine:k", "patient"], "script"),
                (["EVAL", "return redis.call('GET', 'patient')", "0"], "MELLAMA_NAMESPACE"),
            ] {
                let error = await #expect(throws: RedisError.self) {
                    try await few.send(RedisCommand(words[0], arguments: Array(words.dropFirst())))
                }
                #expect(error?.code == .notPermitted, "\(words[0])")
                #expect(error?.description.contains(missing) == true, "\(error?.description ?? "")")
                #expect(error?.description.contains("patient") == false)
            }
            for url in [url.replacing("sesame", with: "sesami"), "redis://:sesame@127.0.0.1:\(redis.port)"] {
                let error = await #expect(throws: RedisError.self) {
                    _ = try await RedisConnection.connect(to: RedisConfiguration(url: url))
                }
                #expect(error?.description.contains("sesam") == false)
                #expect(error?.code == .authenticationFailed, "\(error?.description ?? "")")
            }
        }
    }
}
