// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// One connection to a Redis server, on a thread of its own.
///
/// Calls suspend the caller and block only that thread. After any error but an error reply the connection is dead and
/// every further call throws `closed`: make another one.
public actor RedisConnection {
    /// Where the connection goes.
    public nonisolated let configuration: RedisConfiguration

    private let executor: ThreadSerialExecutor
    private let observer: (any RedisObserver)?
    private var session: RedisSession?
    private nonisolated let status = Mutex(Status())

    /// What other threads may know of the session.
    private struct Status {
        var stream: SocketStream?
        var serverRunID: String?
        var isAlive = false
    }

    /// The connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Prepares a connection; `open` makes it.
    private init(configuration: RedisConfiguration, name: String, observer: (any RedisObserver)?) {
        self.configuration = configuration
        self.observer = observer
        executor = ThreadSerialExecutor(name: name)
    }

    /// Connects, authenticates and selects the database; `name` is the thread's, as debuggers show it.
    public static func connect(
        to configuration: RedisConfiguration, name: String = "redis", observer: (any RedisObserver)? = nil
    ) async throws(RedisError) -> RedisConnection {
        let connection = RedisConnection(configuration: configuration, name: name, observer: observer)
        try await connection.open()
        return connection
    }

    private func open() throws(RedisError) {
        let session = try RedisSession(configuration: configuration)
        self.session = session
        status.withLock {
            $0 = Status(stream: session.stream, serverRunID: session.serverRunID, isAlive: true)
        }
    }

    /// Sends one command; an error reply is thrown. `timeout` defaults to the configuration's.
    @discardableResult
    public func send(_ command: RedisCommand, timeout: Duration? = nil) throws(RedisError) -> RESPValue {
        let reply = try observed([command], timeout: timeout)[0]
        if case .error(let error) = reply { throw error }
        return reply
    }

    /// Sends the commands in one write and gives their replies in order, error replies among them.
    public func pipeline(_ commands: [RedisCommand], timeout: Duration? = nil) throws(RedisError) -> [RESPValue] {
        try observed(commands, timeout: timeout)
    }

    /// Sends a command that blocks on the server for up to `limit`, such as `BLPOP`.
    ///
    /// Waits five seconds longer than the server does. Cancelling the task ends the wait at once, and the connection.
    public nonisolated func wait(
        _ command: RedisCommand, limit: Duration
    ) async throws(RedisError) -> RESPValue {
        let result = await withTaskCancellationHandler {
            if Task.isCancelled { interrupt() }
            return await attempt(command, timeout: limit + .seconds(5))
        } onCancel: {
            interrupt()
        }
        guard case .failure = result, Task.isCancelled else { return try result.get() }
        throw RedisError(.cancelled, operation: command.operation, detail: "the waiting task was cancelled")
    }

    private func attempt(_ command: RedisCommand, timeout: Duration) -> Result<RESPValue, RedisError> {
        Result { () throws(RedisError) in
            let reply = try exchange([command], timeout: timeout)[0]
            if case .error(let error) = reply { throw error }
            return reply
        }
    }

    /// Runs a script by its digest, and by its source when the server does not know it.
    @discardableResult
    public func run(
        _ script: RedisScript, keys: [String], arguments: [String]
    ) throws(RedisError) -> RESPValue {
        let reply = try observed([script.evaluate(keys: keys, arguments: arguments, by: .digest)], timeout: nil)[0]
        guard case .error(let error) = reply else { return reply }
        guard error.code == .noScript else { throw error }
        return try send(script.evaluate(keys: keys, arguments: arguments, by: .source))
    }

    /// Exchanges, and tells the observer under the first command's name.
    private func observed(_ commands: [RedisCommand], timeout: Duration?) throws(RedisError) -> [RESPValue] {
        guard let observer, let operation = commands.first?.operation else {
            return try exchange(commands, timeout: timeout)
        }
        let start = ContinuousClock.now
        do {
            let replies = try exchange(commands, timeout: timeout)
            observer.answered(operation, after: .now - start)
            for case .error(let error) in replies { observer.failed(operation, code: error.code) }
            return replies
        } catch {
            observer.failed(operation, code: error.code)
            throw error
        }
    }

    private func exchange(_ commands: [RedisCommand], timeout: Duration?) throws(RedisError) -> [RESPValue] {
        guard let session else {
            throw RedisError(
                .closed, operation: commands.first?.operation ?? "pipeline", detail: "the connection is not open")
        }
        defer { if !session.isAlive { status.withLock { $0.isAlive = false } } }
        return try session.exchange(commands, timeout: timeout)
    }

    /// Closes the connection.
    public func close() {
        session?.close()
        status.withLock { $0.isAlive = false }
    }

    /// Makes a blocked call fail at once, from anywhere; the connection is dead then.
    public nonisolated func interrupt() {
        let stream = status.withLock { status in
            status.isAlive = false
            return status.stream
        }
        stream?.interrupt()
    }

    /// Whether the connection may still be used, as far as can be told without asking the server.
    public nonisolated var isUsable: Bool {
        let (isAlive, stream) = status.withLock { ($0.isAlive, $0.stream) }
        guard isAlive, let stream else { return false }
        return !stream.isStale
    }

    /// The server's `run_id`: another one means that it was restarted since.
    public nonisolated var serverRunID: String? { status.withLock { $0.serverRunID } }
}
