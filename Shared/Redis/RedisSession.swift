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

    private let reader: RESPReader
    private let commandTimeout: Duration
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

    /// Connects, authenticates, selects the database and learns the server's run id.
    public init(configuration: RedisConfiguration) throws(RedisError) {
        commandTimeout = configuration.commandTimeout
        reader = try RESPReader()
        stream = try SocketStream.connect(to: configuration.endpoint, timeout: configuration.connectTimeout)
        if let password = configuration.password {
            let credentials = [configuration.user, password.value].compactMap(\.self)
            try check(RedisCommand("AUTH", arguments: credentials))
        }
        if configuration.database != 0 { try check(RedisCommand("SELECT", String(configuration.database))) }
        let information = try exchange([RedisCommand("INFO", "server")], timeout: commandTimeout)[0]
        if case .error(let error) = information, error.detail.hasPrefix("NOAUTH") { throw error }
        serverRunID = Self.runID(in: information.string ?? "")
    }

    deinit { buffer.deallocate() }

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
            try stream.write(output, until: deadline, operation: first.operation)
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
            let count = try stream.read(into: buffer, until: deadline, operation: command.operation)
            try reader.feed(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
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
