// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// How long to wait before a failed job's next attempt: full jitter, a time drawn between zero and a doubling cap
/// (Brooker, "Exponential Backoff And Jitter", 2015).
public struct RetryPolicy: Sendable, Hashable {
    /// The cap after the first error.
    public var base: Duration
    /// The cap that it never exceeds.
    public var maximum: Duration

    /// One second, doubling up to five minutes.
    public init(base: Duration = .seconds(1), maximum: Duration = .seconds(300)) {
        self.base = base
        self.maximum = maximum
    }

    /// The pause after an attempt (1 for the first); `jitter` is in 0…1.
    public func pause(afterAttempt attempt: Int, jitter: Double = .random(in: 0...1)) -> Duration {
        min(maximum, base * (1 << min(max(0, attempt - 1), 20))) * jitter
    }
}
