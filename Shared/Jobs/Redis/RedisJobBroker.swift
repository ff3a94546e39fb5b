// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Messages
public import Redis
import Synchronization

/// The broker of a deployment: jobs and events in one Redis, each transition one script.
///
/// Every process makes one and closes it at its end. While Redis is away, calls are repeated for `options.patience` and
/// then throw `unavailable`; once it is back the same broker goes on.
public final class RedisJobBroker: JobBroker {
    /// How it was set up.
    public let options: RedisBrokerOptions

    let keys: QueueKeys
    let logger: Logger
    /// For everything that answers at once.
    let pool: RedisConnectionPool
    /// For heartbeats alone: a busy pool never delays them.
    let heartbeatPool: RedisConnectionPool
    /// For calls that block on the server.
    let waitPool: RedisConnectionPool
    let watcher: EventWatcher
    let stall = StallMonitor()

    /// A broker; connects when first used.
    public init(configuration: RedisConfiguration, options: RedisBrokerOptions = .init(), logger: Logger) {
        self.options = options
        self.logger = logger
        let keys = QueueKeys(namespace: options.namespace)
        self.keys = keys
        let boot: RedisConnectionPool.Preparation = { [stall] connection in
            let sent = ContinuousClock.now
            let server = try await Self.boot(connection, keys: keys, options: options)
            stall.detector.withLock { $0.connected(server: server, now: sent) }
        }
        let metrics = RedisCallMetrics()
        func pool(_ limit: Int, _ name: String) -> RedisConnectionPool {
            RedisConnectionPool(
                configuration: configuration, limit: limit, name: name, logger: logger, observer: metrics,
                preparation: boot)
        }
        self.pool = pool(options.connections, "redis")
        heartbeatPool = pool(1, "redis-heartbeat")
        waitPool = pool(64, "redis-wait")
        watcher = EventWatcher(configuration: configuration, streams: (keys.events, keys.news))
    }

    /// Closes all connections; further calls throw `unavailable`.
    public func close() async {
        await pool.close()
        await heartbeatPool.close()
        await waitPool.close()
    }

    /// Tells the server, on a new connection, who it is: after its restart nothing is reaped for a lease.
    /// Gives the server's time.
    private static func boot(
        _ connection: RedisConnection, keys: QueueKeys, options: RedisBrokerOptions
    ) async throws -> Int64 {
        let reply = try await connection.run(
            QueueScripts.boot, keys: [keys.meta],
            arguments: [
                connection.serverRunID ?? "", String(options.lease.milliseconds), QueueScripts.schema,
                String(options.timeToLive.milliseconds), String(options.childTimeToLive.milliseconds),
                String(options.textRetention.milliseconds),
            ])
        guard let parts = reply.array, parts.count == 2, let schema = parts[0].string, let server = parts[1].integer
        else { throw JobError.unexpectedReply("connect") }
        guard schema == QueueScripts.schema else {
            throw JobError(
                .malformed, operation: "connect",
                detail: "the queue in Redis has schema \(schema), this program works on \(QueueScripts.schema); "
                    + "run one version of all services, or use another namespace")
        }
        return Int64(server)
    }

    /// Runs a transition, again while Redis is away: every script may be repeated.
    func run(
        _ script: RedisScript, keys further: [String] = [], _ arguments: [String]
    ) async throws(JobError) -> RESPValue {
        let keys = [keys.meta] + further
        do {
            return try await pool.retrying(for: options.patience) { connection in
                try await connection.run(script, keys: keys, arguments: arguments)
            }
        } catch {
            throw JobError(error, operation: script.name)
        }
    }

    /// The run id of the server, another after each of its restarts.
    public func serverRunID() async throws(JobError) -> String {
        let reply: RESPValue
        do {
            reply = try await pool.withConnection { try await $0.send(RedisCommand("INFO", "server")) }
        } catch {
            throw JobError(error, operation: "read the server's run id")
        }
        // Asked for, not remembered: a connection may outlive what it knows.
        let lines = (reply.string ?? "").split(whereSeparator: \.isNewline)
        guard let line = lines.first(where: { $0.hasPrefix("run_id:") }) else {
            throw .unexpectedReply("read the server's run id")
        }
        return String(line.dropFirst("run_id:".count))
    }

    /// Answers when the broker can take work.
    public func ping() async throws(JobError) {
        do {
            try await pool.withConnection { _ = try await $0.send(RedisCommand("PING")) }
        } catch {
            throw JobError(error, operation: "ping")
        }
    }
}

extension JobError {
    /// The broker's error for what went wrong below it.
    init(_ error: any Error, operation: String) {
        switch error {
        case let error as JobError: self = error
        case let error as RedisError:
            let isAway =
                error.isRetryable
                || [
                    .closed, .cancelled, .authenticationFailed, .notPermitted, .tlsFailed, .invalidConfiguration,
                ].contains(error.code)
            self.init(isAway ? .unavailable : .malformed, operation: operation, detail: error.description)
        case is CancellationError:
            self.init(.unavailable, operation: operation, detail: "the calling task was cancelled")
        default: self.init(.unavailable, operation: operation, detail: "\(error)")
        }
    }

    /// The error for a reply that no version of the script gives.
    static func unexpectedReply(_ operation: String) -> JobError {
        JobError(
            .malformed, operation: operation,
            detail: "Redis holds what this version did not write; is the namespace used by another program?")
    }
}
