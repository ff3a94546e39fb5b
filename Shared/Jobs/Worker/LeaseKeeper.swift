// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Logging
import Messages
import Synchronization

/// Keeps a worker's leases alive, on a thread of its own: a job that computes never delays it.
///
/// Beats every third of a lease. What the broker calls stale, and what nobody confirms in time, is stopped at once.
final class LeaseKeeper: Sendable {
    private let broker: any JobBroker
    private let lease: Duration
    private let logger: Logger
    private let pulse: WorkerPulse
    private let metrics: WorkerMetrics
    private let table: Mutex<LeaseTable>
    private let executor = ThreadTaskExecutor(name: "leases")

    init(broker: any JobBroker, lease: Duration, pulse: WorkerPulse, metrics: WorkerMetrics, logger: Logger) {
        self.broker = broker
        self.lease = lease
        self.logger = logger
        self.pulse = pulse
        self.metrics = metrics
        table = Mutex(LeaseTable(lease: lease))
    }

    /// Takes jobs up, claimed by a call that was sent at `sent`.
    func hold(_ jobs: [(envelope: JobEnvelope, control: JobControl)], sent: ContinuousClock.Instant) {
        table.withLock { table in
            for (envelope, control) in jobs {
                table.hold(.init(job: envelope.id, fence: envelope.fence), control: control, sent: sent)
            }
        }
    }

    /// Lets jobs go.
    func drop(_ envelopes: [JobEnvelope]) {
        guard !envelopes.isEmpty else { return }
        table.withLock { table in
            for envelope in envelopes { table.drop(.init(job: envelope.id, fence: envelope.fence)) }
        }
    }

    /// Asks everyone who works to stop.
    func stopAll(_ reason: JobControl.StopReason) {
        for control in table.withLock({ $0.controls }) { control.stop(reason) }
    }

    /// Beats and watches until cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask(executorPreference: executor) { await self.beat() }
            // Apart from the beats: one that hangs must not hide that time is over.
            group.addTask(executorPreference: executor) { await self.watch() }
        }
    }

    private func beat() async {
        while !Task.isCancelled {
            await executor.sleep(for: lease / 3)
            guard !Task.isCancelled else { return }
            while await !beatOnce(), !Task.isCancelled {
                await executor.sleep(for: min(lease / 10, .milliseconds(500)))
            }
        }
    }

    /// Whether the beat was answered.
    private func beatOnce() async -> Bool {
        let beats = table.withLock { $0.beats() }
        guard !beats.isEmpty else { return true }
        let sent = ContinuousClock.now
        do {
            let replies = try await broker.heartbeat(beats, lease: lease)
            let stops = table.withLock { $0.answered(beats, replies, sent: sent) }
            for (control, reason) in stops {
                if reason == .leaseLost { metrics.leaseLost() }
                control.stop(reason)
            }
            return true
        } catch {
            logger.warning("No answer to a heartbeat", metadata: ["error": "\(error)"])
            return false
        }
    }

    private func watch() async {
        while !Task.isCancelled {
            await executor.sleep(for: lease / 20)
            for control in table.withLock({ $0.lapse(at: .now) }) {
                logger.warning("A lease was not confirmed in time; its job is stopped")
                metrics.leaseLost()
                control.stop(.leaseLost)
            }
            // From here, so that ages grow on a page whatever else stands still.
            let (count, age) = table.withLock { ($0.count, $0.age(at: .now)) }
            metrics.heard(jobs: count, claimAge: pulse.claimAge, heartbeatAge: age)
        }
    }
}
