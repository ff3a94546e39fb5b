// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One connection as blocking calls, for the thread that owns it.
///
/// Dead for good after a timeout, a broken socket or a malformed reply: a late answer could otherwise be taken for the
/// next command's. Error replies leave it alive.
public final class RedisSession {
    /// The socket, for `interrupt` and `isStale` from other threads.
    let stream: SocketStream

    /// The server's `run_id`, another after each restart; `nil` where `INFO` is not allowed.
    public private(set) var serverRunID: String?

    /// Whether the connection may still be used.
    public private(set) var isAlive = true

    /// What encrypts, on a `rediss://` connection.
    private let tls: TLSStream?
    private let reader: RESPReader
    private let commandTimeout: Duration
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// Connects, authenticates, selects the database and learns the server's run id.
    public init(configuration: RedisConfiguration) throws(RedisError) {
        commandTimeout = configuration.commandTimeout
        reader = try RESPReader()
        let deadline = ContinuousClock.now + configuration.connectTimeout
        stream = try SocketStream.connect(to: configuration.endpoint, until: deadline)
        if let tls = configuration.tls, case .tcp(let host, let port) = configuration.endpoint {
            self.tls = try TLSStream(stream, tls: tls, host: host, port: port, until: deadline)
        } else {
            tls = nil
        }
        do throws(RedisError) {
            try introduce(configuration)
        } catch {
            throw Self.hinted(error, configuration)
        }
    }

    private func introduce(_ configuration: RedisConfiguration) throws(RedisError) {
        if let password = configuration.password {
            let credentials = [configuration.user, password.value].compactMap(\.self)
            try check(RedisCommand("AUTH", arguments: credentials))
        }
        if configuration.database != 0 { try check(RedisCommand("SELECT", String(configuration.database))) }
        let information = try exchange([RedisCommand("INFO", "server")], timeout: commandTimeout)[0]
        if case .error(let error) = information, error.code != .notPermitted { throw error }
        serverRunID = Self.runID(in: information.string ?? "")
    }

    deinit { buffer.deallocate() }

    /// Says what it often means when a server ends a connection at its first word.
    private static func hinted(_ error: RedisError, _ configuration: RedisConfiguration) -> RedisError {
        guard error.code == .connectionLost || error.code == .protocolViolation, case .tcp = configuration.endpoint
        else { return error }
        let hint =
            configuration.tls == nil
            ? "if this port speaks TLS, write rediss://"
            : "if the server asks for a client certificate, name its file with MELLAMA_REDIS_CERTIFICATE"
        return RedisError(error.code, operation: error.operation, detail: "\(error.detail); \(hint)")
    }

    private func check(_ command: RedisCommand) throws(RedisError) {
        if case .error(let error) = try exchange([command], timeout: commandTimeout)[0] {
            close()
            throw error
        }
    }

    /// Sends the commands in one write and reads as many replies, all within the timeout.
    public func exchange(_ commands: [RedisCommand], timeout: Duration? = nil) throws(RedisError) -> [RESPValue] {
        guard let first = commands.first else { return [] }
        guard isAlive else {
            throw RedisError(.closed, operation: first.operation, detail: "this connection is closed; open another")
        }
        let deadline = ContinuousClock.now + (timeout ?? commandTimeout)
        do throws(RedisError) {
            var output: [UInt8] = []
            for command in commands { command.encode(into: &output) }
            try write(output, until: deadline, operation: first.operation)
            var replies: [RESPValue] = []
            replies.reserveCapacity(commands.count)
            for command in commands { replies.append(try reply(to: command, until: deadline)) }
            return replies
        } catch {
            close()
            throw error
        }
    }

    private func reply(
        to command: RedisCommand, until deadline: ContinuousClock.Instant
    ) throws(RedisError) -> RESPValue {
        while true {
            if let value = try reader.next(operation: command.operation) { return value }
            let count = try read(until: deadline, operation: command.operation)
            try reader.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    private func write(
        _ bytes: [UInt8], until deadline: ContinuousClock.Instant, operation: String
    ) throws(RedisError) {
        try bytes.withUnsafeBufferPointer { bytes throws(RedisError) in
            let bytes = UnsafeRawBufferPointer(bytes)
            if let tls {
                try tls.write(bytes, until: deadline, operation: operation)
            } else {
                try stream.write(bytes, until: deadline, operation: operation)
            }
        }
    }

    private func read(until deadline: ContinuousClock.Instant, operation: String) throws(RedisError) -> Int {
        if let tls { return try tls.read(into: buffer, until: deadline, operation: operation) }
        return try stream.read(into: buffer, until: deadline, operation: operation)
    }

    /// Closes the socket; later calls throw `closed`.
    public func close() {
        isAlive = false
        stream.close()
    }

    private static func runID(in information: String) -> String? {
        for line in information.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            if line.starts(with: "run_id:".utf8) { return String(line.dropFirst(7)) }
        }
        return nil
    }
}
