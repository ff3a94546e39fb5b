// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When a worker last heard from the queue: for its readiness, and for metrics.
final class WorkerPulse: Sendable {
    /// Nil while nothing is asked for.
    private let since = Mutex<ContinuousClock.Instant?>(nil)

    /// It is about to claim.
    func asks() { since.withLock { $0 = $0 ?? .now } }
    /// A claim was answered.
    func answered() { since.withLock { $0 = .now } }
    /// Every slot is taken, or it stops: it claims no more for now.
    func rests() { since.withLock { $0 = nil } }

    /// Since the last answer to a claim, or since it began to ask; nil while it does not.
    var claimAge: Duration? { since.withLock { $0.map { .now - $0 } } }
}
