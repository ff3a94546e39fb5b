// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// When requests may be sent so that no minute has more than a number of them: each at the earliest free place.
///
/// Decisions only, no clock.
struct RateLimit {
    private let interval: Duration
    private var next: ContinuousClock.Instant?

    init(perMinute count: Double) { interval = .seconds(60 / count) }

    /// Takes the next place; the time until it.
    mutating func take(at now: ContinuousClock.Instant) -> Duration {
        let place = max(next ?? now, now)
        next = place + interval
        return place - now
    }

    /// The endpoint asks for patience: nothing is sent before its end.
    mutating func pause(_ time: Duration, at now: ContinuousClock.Instant) { next = max(next ?? now, now + time) }
}
