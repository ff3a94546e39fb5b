// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Metrics

/// What a worker counts. Kinds and outcomes are fixed sets; a job's id is never a label.
struct WorkerMetrics: Sendable {
    /// Notes an ended attempt.
    func attemptEnded(kind: JobKind, report: AttemptReport, after time: Duration) {
        let dimensions = [("kind", kind.rawValue), ("outcome", report.name)]
        Counter(label: "job_attempts_total", dimensions: dimensions).increment()
        Timer(label: "job_run_seconds", dimensions: [("kind", kind.rawValue)]).recordNanoseconds(
            time.components.seconds * 1_000_000_000 + time.components.attoseconds / 1_000_000_000)
    }
}
