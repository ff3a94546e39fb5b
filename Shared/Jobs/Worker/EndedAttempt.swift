// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages

/// An attempt that succeeded and has still to be reported.
struct EndedAttempt: Sendable {
    let envelope: JobEnvelope
    let trace: AttemptTrace?
    let result: JobResult
    /// When it was begun.
    let start: ContinuousClock.Instant
    /// When it ended.
    let end: ContinuousClock.Instant
}
