// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What a server says of its settings and its state, as far as its user may ask.
public struct RedisServerFacts: Sendable, Hashable {
    /// The fields of `INFO`; `nil` where it is not permitted.
    public var information: [String: String]?
    /// Those of `settingNames` that `CONFIG GET` gives; `nil` where it is not permitted.
    public var settings: [String: String]?

    /// The settings that decide whether a queue is safe in the server.
    public static let settingNames = [
        "maxmemory-policy", "maxmemory", "appendonly", "appendfsync", "aof-load-truncated", "save",
        "stop-writes-on-bgsave-error",
    ]

    /// Facts from elsewhere.
    public init(information: [String: String]?, settings: [String: String]?) {
        self.information = information
        self.settings = settings
    }

    /// Asks the server.
    public static func read(over connection: RedisConnection) async throws(RedisError) -> RedisServerFacts {
        let replies = try await connection.pipeline([
            RedisCommand("INFO"), RedisCommand("CONFIG", arguments: ["GET"] + settingNames, operation: "CONFIG GET"),
        ])
        for case .error(let error) in replies where error.isRetryable { throw error }
        return RedisServerFacts(
            information: replies[0].string.map(fields), settings: replies[1].array.map(pairs))
    }

    /// The `name:value` lines of an `INFO` reply.
    static func fields(of information: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in information.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            fields[String(decoding: line[..<colon], as: UTF8.self)] =
                String(decoding: line[line.index(after: colon)...], as: UTF8.self)
        }
        return fields
    }

    /// A flat list of names and values.
    private static func pairs(of values: [RESPValue]) -> [String: String] {
        var pairs: [String: String] = [:]
        for index in stride(from: 0, to: values.count - 1, by: 2) {
            guard let name = values[index].string, let value = values[index + 1].string else { continue }
            pairs[name] = value
        }
        return pairs
    }
}
