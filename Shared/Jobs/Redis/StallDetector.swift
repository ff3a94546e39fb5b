// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A detector that a broker's connections and reaps share.
final class StallMonitor: Sendable {
    /// The detector.
    let detector = Mutex(StallDetector())
}

/// Notices that the server stood still or that its clock jumped, so that living workers' jobs are not reaped for it.
///
/// Two cases: a call that waited in a stopped server's socket (the server compares the time we expect with its own),
/// and calls that went unanswered (we know by our own monotonic clock).
struct StallDetector {
    /// What a reap is told.
    struct Advice: Hashable {
        /// The server's time in ms as we expect it now.
        var expected: Int64?
        /// Whether answers have been missing for too long.
        var hadGap: Bool
    }

    private var last: (server: Int64, at: ContinuousClock.Instant)?

    /// What to tell the server at `now`.
    func advice(now: ContinuousClock.Instant, lease: Duration) -> Advice {
        guard let last else { return Advice(expected: nil, hadGap: false) }
        let elapsed = now - last.at
        // Reaping is every second; half a lease of silence may have cost other workers their heartbeats.
        guard elapsed <= max(lease / 2, .milliseconds(2500)) else { return Advice(expected: nil, hadGap: true) }
        return Advice(expected: last.server + elapsed.milliseconds, hadGap: false)
    }

    /// Notes what the server's time was when first heard of; a later connection may be the end of a stall.
    mutating func connected(server: Int64, now: ContinuousClock.Instant) {
        if last == nil { last = (server, now) }
    }

    /// Notes an answer that came at `now` and gave the server's time.
    mutating func answered(server: Int64, now: ContinuousClock.Instant) { last = (server, now) }
}
