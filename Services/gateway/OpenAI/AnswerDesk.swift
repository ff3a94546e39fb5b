// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs
import Logging
import Messages
import Synchronization

/// Counts the requests whose clients wait, and cleans up after each: what nobody waits for any more is cancelled, and the
/// texts of what was answered are removed.
final class AnswerDesk: Sendable {
    private let broker: any JobBroker
    private let limit: Int
    private let logger: Logger
    private let open = Mutex(0)

    init(broker: any JobBroker, limit: Int, logger: Logger) {
        self.broker = broker
        self.limit = limit
        self.logger = logger
    }

    /// Takes a place, or refuses: each waiting client holds a connection and its answer so far.
    func enter() throws(Problem) -> Place {
        let isFull = open.withLock { open in
            guard open < limit else { return true }
            open += 1
            return false
        }
        guard isFull else { return Place(self) }
        throw Problem(
            "queue-full", "Too many wait", status: .tooManyRequests,
            detail: "\(limit) requests wait for answers already; ask again", headers: [.retryAfter: "1"])
    }

    /// One client that waits. What it asked for ends with it, however that comes about.
    final class Place: Sendable {
        private struct State {
            var job: JobID?
            var isAnswered = false
            var isOver = false
        }

        private let desk: AnswerDesk
        private let state = Mutex(State())

        fileprivate init(_ desk: AnswerDesk) { self.desk = desk }

        /// The job whose answer is waited for.
        func wait(for job: JobID) { state.withLock { $0.job = job } }

        /// The client has its answer.
        func answered() { state.withLock { $0.isAnswered = true } }

        /// Nobody waits any more.
        func end() {
            let last = state.withLock { state in
                defer { state.isOver = true }
                return state.isOver ? nil : state
            }
            guard let last else { return }
            desk.open.withLock { $0 -= 1 }
            if let job = last.job { desk.close(job, isAnswered: last.isAnswered) }
        }

        deinit { end() }
    }

    /// Forgets what was asked and answered, once the job has ended; asks it to end before, unless it has.
    private func close(_ job: JobID, isAnswered: Bool) {
        // The client has gone, or goes: it does not wait for this.
        Task {
            do {
                if !isAnswered { _ = try await broker.cancel(job) }
                var isOver = isAnswered
                for _ in 0..<20 where !isOver {
                    let page = try await broker.parts(of: job, after: nil, limit: 1, wait: .zero)
                    isOver = page.state?.isTerminal ?? true
                    if !isOver { try await Task.sleep(for: .seconds(1)) }
                }
                if isOver { try await broker.purge(job) }
            } catch {
                logger.warning("a request's job is left to itself", metadata: ["job": "\(job)", "error": "\(error)"])
            }
        }
    }
}
