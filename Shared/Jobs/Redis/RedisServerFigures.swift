// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis

/// What whoever is on call wants to know of the server itself.
public struct RedisServerFigures: Sendable, Hashable {
    /// Bytes.
    public var memory = 0
    /// Bytes; zero is no limit.
    public var memoryLimit = 0
    /// Whether an append-only file is written; whether its last write and its last rewrite succeeded.
    public var isAOFEnabled = false
    public var isAOFWritable = true
    public var isAOFRewritable = true
    /// Seconds since the server was started.
    public var uptime = 0

    /// Reads the reply of `INFO`.
    init(information: String) {
        for line in information.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "used_memory": memory = Int(value) ?? 0
            case "maxmemory": memoryLimit = Int(value) ?? 0
            case "aof_enabled": isAOFEnabled = value == "1"
            case "aof_last_write_status": isAOFWritable = value == "ok"
            case "aof_last_bgrewrite_status": isAOFRewritable = value == "ok"
            case "uptime_in_seconds": uptime = Int(value) ?? 0
            default: break
            }
        }
    }
}

extension RedisJobBroker {
    /// Asks the server how it is, once.
    public func serverFigures() async throws(JobError) -> RedisServerFigures {
        do {
            let reply = try await pool.withConnection { try await $0.send(RedisCommand("INFO")) }
            return RedisServerFigures(information: reply.string ?? "")
        } catch {
            throw JobError(error, operation: "read the server's figures")
        }
    }
}
