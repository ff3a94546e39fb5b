// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Metrics
import Synchronization

/// What a worker counts and times, under the names of docs/telemetry.md. Kinds and outcomes are fixed sets; a job's id is
/// never a label.
final class WorkerMetrics: Sendable {
    /// What is looked up once: to find a metric by its name and labels costs more than to write it.
    private struct Known {
        var waits: [JobKind: Timer] = [:]
        var runs: [JobKind: Timer] = [:]
        var attempts: [JobKind: [String: Counter]] = [:]
    }

    private let jobs = Meter(label: "mellama_worker_jobs")
    private let slots = Meter(label: "mellama_worker_slots")
    private let claimAge = Meter(label: "mellama_worker_claim_age_seconds")
    private let heartbeatAge = Meter(label: "mellama_worker_heartbeat_age_seconds")
    private let lostLeases = Counter(label: "mellama_worker_lost_leases_total")
    private let known = Mutex(Known())

    /// Notes how many jobs it may hold.
    func started(slots count: Int) { slots.set(count) }

    /// Notes a claimed job.
    func claimed(_ envelope: JobEnvelope) {
        guard let waited = envelope.waited else { return }
        let kind = envelope.message.kind
        let timer = known.withLock { known in
            known.waits[kind, orMake: Timer(label: "mellama_worker_wait_seconds", dimensions: Self.labels(kind))]
        }
        timer.recordNanoseconds(waited * 1_000_000)
    }

    /// Notes an ended attempt.
    func attemptEnded(kind: JobKind, report: AttemptReport, after time: Duration) {
        let (attempts, runs) = known.withLock { known in
            (
                known.attempts[kind, default: [:]][
                    report.name,
                    orMake: Counter(
                        label: "mellama_worker_attempts_total",
                        dimensions: Self.labels(kind) + [("outcome", report.name)])],
                known.runs[kind, orMake: Timer(label: "mellama_worker_run_seconds", dimensions: Self.labels(kind))]
            )
        }
        attempts.increment()
        runs.recordNanoseconds(time.nanoseconds)
    }

    private static func labels(_ kind: JobKind) -> [(String, String)] { [("kind", kind.rawValue)] }

    /// Notes what is held now, and for how long nothing has been heard.
    func heard(jobs count: Int, claimAge: Duration?, heartbeatAge: Duration?) {
        jobs.set(count)
        self.claimAge.set((claimAge ?? .zero) / .seconds(1))
        self.heartbeatAge.set((heartbeatAge ?? .zero) / .seconds(1))
    }

    func leaseLost() { lostLeases.increment() }
}

extension Dictionary {
    /// The value, made and kept where there is none yet.
    fileprivate subscript(key: Key, orMake value: @autoclosure () -> Value) -> Value {
        mutating get {
            if let known = self[key] { return known }
            let made = value()
            self[key] = made
            return made
        }
    }
}
