// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Who has which connection of a pool and who waits: decisions only, no socket.
struct PoolSlots {
    /// What a borrower gets.
    enum Grant: Sendable {
        /// An idle connection.
        case connection(RedisConnection)
        /// The right to make one.
        case permit
        /// The pool was closed.
        case closed
        /// The borrower was cancelled while waiting.
        case cancelled
    }

    /// A borrower that waits.
    typealias Waiter = CheckedContinuation<Grant, Never>

    private let limit: Int
    private var idle: [RedisConnection] = []
    /// Connections lent out or being made.
    private(set) var lent = 0
    private var waiters: [(ticket: Int, waiter: Waiter)] = []
    /// Tickets drawn by borrowers who are neither queued nor gone.
    private var drawn: Set<Int> = []
    private var lastTicket = 0
    private var isClosed = false

    init(limit: Int) { self.limit = limit }

    /// A grant, if there is one now: the connection used last, or the right to make one.
    mutating func take() -> Grant? {
        if isClosed { return .closed }
        if let connection = idle.popLast() {
            lent += 1
            return .connection(connection)
        }
        guard lent < limit else { return nil }
        lent += 1
        return .permit
    }

    /// A number for a borrower who is about to wait.
    mutating func ticket() -> Int {
        lastTicket += 1
        drawn.insert(lastTicket)
        return lastTicket
    }

    /// Queues a borrower, unless a grant has come free or the borrower has gone in the meantime.
    mutating func wait(_ ticket: Int, _ waiter: Waiter, isCancelled: Bool) -> Grant? {
        guard drawn.remove(ticket) != nil, !isCancelled else { return .cancelled }
        if let grant = take() { return grant }
        waiters.append((ticket, waiter))
        return nil
    }

    /// Removes a cancelled borrower; gives back whom to wake.
    mutating func abandon(_ ticket: Int) -> Waiter? {
        guard let index = waiters.firstIndex(where: { $0.ticket == ticket }) else {
            drawn.remove(ticket)
            return nil
        }
        return waiters.remove(at: index).waiter
    }

    /// Takes a connection back, `nil` for one that broke; gives whom to wake, with what.
    mutating func give(back connection: RedisConnection?) -> (Waiter?, Grant) {
        if isClosed {
            lent -= 1
            return (nil, .closed)
        }
        let grant: Grant = connection.map { .connection($0) } ?? .permit
        guard waiters.isEmpty else { return (waiters.removeFirst().waiter, grant) }
        lent -= 1
        if let connection { idle.append(connection) }
        return (nil, grant)
    }

    /// Refuses everything from now on; gives what is to be closed and woken.
    mutating func close() -> ([RedisConnection], [Waiter]) {
        isClosed = true
        defer { (idle, waiters) = ([], []) }
        return (idle, waiters.map(\.waiter))
    }
}
