// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Redis

/// How long a worker sleeps between two looks at the queue.
struct WorkerPause {
    private let limit: Duration
    private var backoff = ReconnectBackoff(first: .milliseconds(50), cap: .seconds(1))

    init(limit: Duration) { self.limit = limit }

    /// The sleep on the wake list: until the next delayed job is due, and no longer than the limit.
    func untilNextLook(due: Duration?) -> Duration {
        // A millisecond more: the server counts whole ones.
        due.map { min(limit, max(.zero, $0) + .milliseconds(1)) } ?? limit
    }

    /// The sleep after a failed claim.
    mutating func afterFailure() -> Duration { backoff.next() }

    /// Notes that the broker answered.
    mutating func succeeded() { backoff.reset() }
}
