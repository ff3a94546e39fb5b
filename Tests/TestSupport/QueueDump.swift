// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Redis

/// Every key of one namespace as it is at one moment, read from Redis itself and not through the scripts under test.
public struct QueueDump: Sendable {
    /// A key's content, by its type.
    enum Content: Sendable {
        case text(String)
        case hash([String: String])
        case set(Set<String>)
        case sorted([String: Double])
        case list([String])
        /// Entries as fields, in order; and how many were ever added.
        case stream([(id: String, fields: [String: String])], added: Int)
    }

    struct Entry: Sendable {
        let content: Content
        /// Whether the key will expire.
        let expires: Bool
    }

    /// By the key's name without the namespace.
    let entries: [String: Entry]

    // What is read in one script is of one moment. It may take a while, as KEYS does; this is a test's server.
    private static let script = """
        local reply = {}
        for _, key in ipairs(ARGV) do
          local kind = redis.call('TYPE', key).ok
          local value, added
          if kind == 'string' then value = redis.call('GET', key)
          elseif kind == 'hash' then value = redis.call('HGETALL', key)
          elseif kind == 'set' then value = redis.call('SMEMBERS', key)
          elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
          elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
          elseif kind == 'stream' then
            value = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 20000)
            local info = redis.call('XINFO', 'STREAM', key)
            for i = 1, #info, 2 do if info[i] == 'entries-added' then added = info[i + 1] end end
          end
          if kind ~= 'none' then reply[#reply + 1] = {key, kind, redis.call('PTTL', key), value, added or 0} end
        end
        return reply
        """

    /// Reads all keys of a namespace: of one moment up to about 2,000 keys, in slices above, so that a reply is never
    /// longer than a client takes; then nobody may be at work. Of a stream the last 20,000 entries.
    public init(_ connection: RedisConnection, namespace: String) async throws {
        let prefix = "mq:{\(namespace)}:"
        let found = try await connection.send(RedisCommand("KEYS", prefix + "*"), timeout: .seconds(120))
        let keys = (found.array ?? []).compactMap(\.string)
        var entries: [String: Entry] = [:]
        for start in stride(from: 0, to: keys.count, by: 2000) {
            let slice = Array(keys[start..<min(start + 2000, keys.count)])
            let reply = try await connection.send(
                RedisCommand("EVAL", arguments: [Self.script, "0"] + slice), timeout: .seconds(120))
            for part in reply.array ?? [] {
                let (key, entry) = try Self.entry(part)
                entries[String(key.dropFirst(prefix.count))] = entry
            }
        }
        self.entries = entries
    }

    private static func entry(_ part: RESPValue) throws -> (String, Entry) {
        guard let fields = part.array, fields.count == 5, let key = fields[0].string, let type = fields[1].string
        else { throw QueueDumpError(description: "a key's dump is malformed") }
        let value = fields[3]
        let texts = value.array?.compactMap(\.string) ?? []
        let content: Content
        switch type {
        case "string": content = .text(value.string ?? "")
        case "hash": content = .hash(Dictionary(uniqueKeysWithValues: pairs(texts)))
        case "set": content = .set(Set(texts))
        case "zset":
            content = .sorted(Dictionary(uniqueKeysWithValues: pairs(texts).map { ($0.0, Double($0.1) ?? .nan) }))
        case "list": content = .list(texts)
        case "stream":
            let entries = (value.array ?? []).reversed().map { entry in
                let parts = entry.array ?? []
                let fields = parts.last?.array?.compactMap(\.string) ?? []
                return (parts.first?.string ?? "", Dictionary(uniqueKeysWithValues: pairs(fields)))
            }
            content = .stream(entries, added: fields[4].integer ?? 0)
        default: throw QueueDumpError(description: "\(key) is a \(type), which the queue has none of")
        }
        return (key, Entry(content: content, expires: fields[2].integer ?? 0 > 0))
    }

    private static func pairs(_ texts: [String]) -> [(String, String)] {
        stride(from: 0, to: texts.count - 1, by: 2).map { (texts[$0], texts[$0 + 1]) }
    }

    /// A hash's fields; empty where there is none.
    func hash(_ key: String) -> [String: String] {
        if case .hash(let fields) = entries[key]?.content { fields } else { [:] }
    }

    /// The members of a set or sorted set, or the elements of a list.
    func members(_ key: String) -> Set<String> {
        switch entries[key]?.content {
        case .set(let members): members
        case .sorted(let scores): Set(scores.keys)
        default: []
        }
    }

    /// A job's states in the order of its events, as far as the stream of all reaches back.
    public func history(of job: String) -> [String] { histories[job] ?? [] }

    /// Every job's states in the order of their events.
    public var histories: [String: [String]] {
        guard case .stream(let events, _) = entries["ev"]?.content else { return [:] }
        var all: [String: [String]] = [:]
        for event in events where event.fields["e"] == "state" {
            guard let job = event.fields["j"], let state = event.fields["st"] else { continue }
            all[job, default: []].append(state)
        }
        return all
    }

    /// Whether no event was trimmed away.
    var isHistoryWhole: Bool {
        guard case .stream(let events, let added) = entries["ev"]?.content else { return true }
        return events.count == added
    }

    /// The records of all jobs, by id.
    public var jobs: [String: [String: String]] {
        var jobs: [String: [String: String]] = [:]
        for (key, entry) in entries where key.hasPrefix("job:") && !key.dropFirst(4).contains(":") {
            if case .hash(let fields) = entry.content { jobs[String(key.dropFirst(4))] = fields }
        }
        return jobs
    }
}

/// What could not be read.
public struct QueueDumpError: Error, CustomStringConvertible {
    /// What was found.
    public let description: String
}
