// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Redis
import TestSupport

extension StackFixture {
    /// A place in Redis: a key, and the field of a hash.
    struct Place: Hashable {
        var key: String
        var field: String?
        /// Whether it is a job's own hash.
        var isJob: Bool { key.wholeMatch(of: /mq:\{mellama\}:job:[^:]+/) != nil }
    }

    /// Where in Redis a text is: in keys, fields, members and entries.
    func places(of text: String) async throws -> Set<Place> {
        let redis = try await RedisConnection.connect(to: RedisConfiguration(endpoint: .unix(path: redisSocket)))
        defer { Task { await redis.close() } }
        func strings(_ value: RESPValue) -> [String] {
            value.array?.flatMap(strings) ?? value.string.map { [$0] } ?? []
        }
        var places: Set<Place> = []
        let keys = strings(try await redis.send(RedisCommand("KEYS", "*")))
        for key in keys {
            if key.contains(text) { places.insert(Place(key: key)) }
            let kind = try await redis.send(RedisCommand("TYPE", key)).string
            if kind == "hash" {
                let fields = strings(try await redis.send(RedisCommand("HGETALL", key)))
                for index in stride(from: 0, to: fields.count - 1, by: 2)
                where fields[index].contains(text) || fields[index + 1].contains(text) {
                    places.insert(Place(key: key, field: fields[index]))
                }
                continue
            }
            let command =
                switch kind {
                case "string": RedisCommand("GET", key)
                case "list": RedisCommand("LRANGE", key, "0", "-1")
                case "set": RedisCommand("SMEMBERS", key)
                case "zset": RedisCommand("ZRANGE", key, "0", "-1")
                default: RedisCommand("XRANGE", key, "-", "+")
                }
            if strings(try await redis.send(command)).contains(where: { $0.contains(text) }) {
                places.insert(Place(key: key))
            }
        }
        return places
    }

    /// Whether a text is in Redis's files.
    func redisFilesHold(_ text: String) throws -> Bool {
        try FileManager.default.subpathsOfDirectory(atPath: "\(state)/redis").contains { name in
            let bytes = try? Data(contentsOf: URL(filePath: "\(state)/redis/\(name)"))
            return bytes?.range(of: Data(text.utf8)) != nil
        }
    }

    /// Has Redis write its append-only file anew, uncompressed, so that a text in it can be found.
    func rewriteAppendOnlyFile() async throws {
        let redis = try await RedisConnection.connect(to: RedisConfiguration(endpoint: .unix(path: redisSocket)))
        try await redis.send(RedisCommand("CONFIG", "SET", "rdbcompression", "no"))
        try await redis.send(RedisCommand("BGREWRITEAOF"))
        try await eventually(within: .seconds(30)) {
            let state = try await redis.send(RedisCommand("INFO", "persistence")).string ?? ""
            return state.contains("aof_rewrite_in_progress:0") && state.contains("aof_rewrite_scheduled:0")
        }
        await redis.close()
    }

    /// The text of every manifest of jobs and runs that the artifact store keeps.
    func manifests() throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: artifacts)
            .filter { $0.hasSuffix(".json") && !$0.hasPrefix("sha256/") && !$0.hasPrefix("work") }
            .map { String(decoding: try Data(contentsOf: URL(filePath: "\(artifacts)/\($0)")), as: UTF8.self) }
    }
}
