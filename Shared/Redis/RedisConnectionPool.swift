// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Logging
import Synchronization

/// A bounded set of connections to one server; a broken one is dropped and made anew when next needed.
///
/// Not an actor: its state is behind a lock held for a few instructions, so a task on a thread of its own (the lease
/// keeper) never waits here for the cooperative pool.
public final class RedisConnectionPool: Sendable {
    /// What to do with a new connection before anyone uses it, such as telling the server of a restart.
    public typealias Preparation = @Sendable (RedisConnection) async throws -> Void

    /// Where the connections go.
    public let configuration: RedisConfiguration

    private let name: String
    private let preparation: Preparation?
    private let logger: Logger
    private let slots: Mutex<PoolSlots>
    private let reconnects = Atomic(0)
    private let observer: (any RedisObserver)?
    /// Connections that broke and have not been replaced.
    private let broken = Mutex(0)

    /// A pool of at most `limit` connections, made on demand.
    public init(
        configuration: RedisConfiguration, limit: Int = 4, name: String = "redis", logger: Logger,
        observer: (any RedisObserver)? = nil, preparation: Preparation? = nil
    ) {
        self.configuration = configuration
        self.name = name
        self.preparation = preparation
        self.observer = observer
        self.logger = logger
        slots = Mutex(PoolSlots(limit: max(1, limit)))
    }

    /// How many connections were made, the first ones included.
    public var connectionsMade: Int { reconnects.load(ordering: .relaxed) }

    /// Lends a connection; waits for one when all are lent out, in the order of asking.
    public func withConnection<Value: Sendable>(
        _ body: @Sendable (RedisConnection) async throws -> Value
    ) async throws -> Value {
        let connection = try await acquire()
        do {
            let value = try await body(connection)
            release(connection)
            return value
        } catch {
            release(connection)
            throw error
        }
    }

    /// Lends a connection, again and again with growing pauses while errors are retryable, until `patience` runs out.
    ///
    /// The body must be idempotent: what was cut off may have been carried out.
    public func retrying<Value: Sendable>(
        for patience: Duration, _ body: @Sendable (RedisConnection) async throws -> Value
    ) async throws -> Value {
        let deadline = ContinuousClock.now + patience
        var backoff = ReconnectBackoff()
        while true {
            do {
                return try await withConnection(body)
            } catch let error as RedisError where error.isRetryable {
                let pause = backoff.next()
                guard ContinuousClock.now + pause < deadline else { throw error }
                logger.debug("Redis call will be repeated", metadata: ["error": "\(error)"])
                try await Task.sleep(for: pause)
            }
        }
    }

    /// Closes idle connections and refuses further loans; lent ones close on return.
    public func close() async {
        let (idle, waiters) = slots.withLock { $0.close() }
        for waiter in waiters { waiter.resume(returning: .closed) }
        for connection in idle { await connection.close() }
    }

    private func acquire() async throws -> RedisConnection {
        while true {
            switch try await grant() {
            case .connection(let connection):
                if connection.isUsable { return connection }
                broken.withLock { $0 += 1 }
                give(back: nil)
            case .permit:
                return try await make()
            case .closed:
                throw RedisError(.closed, operation: "connect", detail: "the connection pool was closed")
            case .cancelled:
                throw RedisError(.cancelled, operation: "connect", detail: "the waiting task was cancelled")
            }
        }
    }

    private func grant() async throws -> PoolSlots.Grant {
        if let grant = slots.withLock({ $0.take() }) { return grant }
        let ticket = slots.withLock { $0.ticket() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let grant = slots.withLock { $0.wait(ticket, continuation, isCancelled: Task.isCancelled) }
                if let grant { continuation.resume(returning: grant) }
            }
        } onCancel: {
            slots.withLock { $0.abandon(ticket) }?.resume(returning: .cancelled)
        }
    }

    private func make() async throws -> RedisConnection {
        do {
            let connection = try await RedisConnection.connect(to: configuration, name: name, observer: observer)
            reconnects.add(1, ordering: .relaxed)
            observer?.connected(isReplacement: takeReplacement())
            try await preparation?(connection)
            return connection
        } catch {
            if let error = error as? RedisError { observer?.failed("connect", code: error.code) }
            give(back: nil)
            throw error
        }
    }

    /// Whether a new connection stands in for one that broke.
    private func takeReplacement() -> Bool {
        broken.withLock { count in
            guard count > 0 else { return false }
            count -= 1
            return true
        }
    }

    private func release(_ connection: RedisConnection) {
        let isUsable = connection.isUsable
        if !isUsable { broken.withLock { $0 += 1 } }
        give(back: isUsable ? connection : nil)
    }

    /// Returns a connection, or only the right to make one.
    private func give(back connection: RedisConnection?) {
        let (waiter, grant) = slots.withLock { $0.give(back: connection) }
        waiter?.resume(returning: grant)
    }
}
