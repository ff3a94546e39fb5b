// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Redis
import TestSupport
import Testing

/// A command that a script newly needs fails here: it goes into the document's line, and so into users' servers.
@Suite("The Redis user of docs/operations.md may do all that the queue does, and no more")
struct AccessListTests {
    /// The words of the document's `ACL SETUSER` line, for the namespace `test` and this password.
    private static func rule(password: String) throws -> [String] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "docs/operations.md"), encoding: .utf8)
        let lines = document.split(separator: "\n").filter { $0.hasPrefix("ACL SETUSER mellama ") }
        try #require(lines.count == 1)
        let rule = lines[0].replacing("~mq:{mellama}:*", with: "~mq:{test}:*").replacing(
            ">PASSWORD", with: ">\(password)")
        return rule.split(separator: " ").dropFirst(2).map(String.init)
    }

    /// A server with that user, and how to be it.
    private static func with(_ body: (RedisFixture, RedisConfiguration) async throws -> Void) async throws {
        try await RedisFixture.with { redis in
            let admin = try await redis.connect()
            try await admin.send(RedisCommand("ACL", arguments: ["SETUSER"] + rule(password: "sesame")))
            // The services then share no user with anybody else.
            try await admin.send(RedisCommand("ACL", "SETUSER", "default", "off"))
            try await body(redis, RedisConfiguration(url: "redis://mellama:sesame@127.0.0.1:\(redis.port)"))
        }
    }

    @Test("The whole queue", .serialized, arguments: JobBrokerConformance.cases)
    func queue(example: JobBrokerConformance.Case) async throws {
        try await Self.with { redis, configuration in
            try await example.check(.redis(redis, configuration: configuration))
        }
    }

    @Test("Not what is another's: other keys, other commands, settings")
    func others() async throws {
        try await Self.with { _, configuration in
            let connection = try await RedisConnection.connect(to: configuration)
            #expect(connection.serverRunID != nil)
            let facts = try await RedisServerFacts.read(over: connection)
            #expect(facts.findings.allSatisfy { $0.severity != .unsafe })
            for words in [
                ["GET", "mq:{other}:meta"], ["FLUSHALL"], ["KEYS", "*"], ["CONFIG", "GET", "requirepass"],
                ["ACL", "LIST"], ["SHUTDOWN"], ["EVAL", "return redis.call('GET', 'mq:{other}:meta')", "0"],
            ] {
                let error = await #expect(throws: RedisError.self) {
                    try await connection.send(RedisCommand(words[0], arguments: Array(words.dropFirst())))
                }
                #expect(error?.code == .notPermitted, "\(words[0])")
            }
        }
    }
}
