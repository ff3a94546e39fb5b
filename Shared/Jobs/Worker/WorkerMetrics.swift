// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Metrics

/// What a worker counts and times, under the names of docs/telemetry.md. Kinds and outcomes are fixed sets; a job's id is
/// never a label.
struct WorkerMetrics: Sendable {
    private let jobs = Meter(label: "mellama_worker_jobs")
    private let slots = Meter(label: "mellama_worker_slots")
    private let claimAge = Meter(label: "mellama_worker_claim_age_seconds")
    private let heartbeatAge = Meter(label: "mellama_worker_heartbeat_age_seconds")
    private let lostLeases = Counter(label: "mellama_worker_lost_leases_total")

    /// Notes how many jobs it may hold.
    func started(slots count: Int) { slots.set(count) }

    /// Notes a claimed job.
    func claimed(_ envelope: JobEnvelope) {
        guard let waited = envelope.waited else { return }
        let dimensions = [("kind", envelope.message.kind.rawValue)]
        Timer(label: "mellama_worker_wait_seconds", dimensions: dimensions).recordNanoseconds(waited * 1_000_000)
    }

    /// Notes an ended attempt.
    func attemptEnded(kind: JobKind, report: AttemptReport, after time: Duration) {
        let dimensions = [("kind", kind.rawValue), ("outcome", report.name)]
        Counter(label: "mellama_worker_attempts_total", dimensions: dimensions).increment()
        Timer(label: "mellama_worker_run_seconds", dimensions: [("kind", kind.rawValue)])
            .recordNanoseconds(time.nanoseconds)
    }

    /// Notes what is held now, and for how long nothing has been heard.
    func heard(jobs count: Int, claimAge: Duration?, heartbeatAge: Duration?) {
        jobs.set(count)
        self.claimAge.set((claimAge ?? .zero) / .seconds(1))
        self.heartbeatAge.set((heartbeatAge ?? .zero) / .seconds(1))
    }

    func leaseLost() { lostLeases.increment() }
}
