// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How long to wait before the next attempt: doubling up to a cap, each delay drawn between half and whole.
///
/// The cap keeps a client's return within a second of the server's.
public struct ReconnectBackoff: Sendable, Hashable {
    /// The first delay.
    public var first: Duration
    /// The longest delay.
    public var cap: Duration
    private var attempt = 0

    /// Starts at the first delay.
    public init(first: Duration = .milliseconds(20), cap: Duration = .seconds(1)) {
        self.first = first
        self.cap = cap
    }

    /// The next delay; `jitter` is in 0…1.
    public mutating func next(jitter: Double = .random(in: 0...1)) -> Duration {
        let whole = min(cap, first * (1 << min(attempt, 20)))
        attempt += 1
        return whole * (0.5 + 0.5 * jitter)
    }

    /// Back to the first delay, after a success.
    public mutating func reset() { attempt = 0 }
}
