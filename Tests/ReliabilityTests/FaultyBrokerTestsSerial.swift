// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FaultInjection
import Jobs
import Messages
import TestSupport
import Testing

/// Seeded, so that a failure is found again; in order, as each runs workers.
@Suite("Workers over a broker that fails on demand", .serialized)
struct FaultyBrokerTestsSerial {
    @Test(
        "whatever fails, loses its answer, comes late or hangs: every job succeeds once",
        arguments: [1, 2, 3] as [UInt64])
    func unreliable(seed: UInt64) async throws {
        let inner = InMemoryJobBroker()
        let plan = FaultPlan.seeded(
            seed, share: 0.2,
            faults: [.error, .lostReply, .delay(.milliseconds(30)), .hang(.milliseconds(100))])
        let handler = ClosureHandler { _, _ in .completed(JobResult(status: .succeeded)) }
        let broker = FaultyBroker(inner, plan: plan)
        let ids = (0..<60).map { JobID("t\($0)") }
        try await WorkerFixture.with(
            .test("a", broker: broker, slots: 4, lease: .seconds(1), handler: handler),
            .test("b", broker: broker, slots: 4, lease: .seconds(1), handler: handler)
        ) { _ in
            for id in ids {
                _ = try await inner.submit(JobSubmission(id: id, message: FaultBench.message("x"), maximumCrashes: 20))
            }
            for id in ids { try await eventually { try await inner.job(id)?.state == .succeeded } }
        }
        for id in ids {
            let events = try await inner.events(.job(id), after: nil, limit: 1000, wait: .zero)
            #expect(events.count { $0.state == .succeeded } == 1, "\(id)")
        }
    }

    @Test("a heartbeat that hangs beyond the lease stops the job; its success is refused")
    func hangingHeartbeat() async throws {
        let inner = InMemoryJobBroker()
        let broker = FaultyBroker(
            inner, plan: FaultPlan { $0 == .heartbeat ? .hang(.seconds(60)) : nil })
        let stopped = TestSignal<JobControl.StopReason?>()
        let handler = ClosureHandler { _, control in
            try? await Task.sleep(for: .seconds(60))
            stopped.send(control.stopReason)
            return .completed(JobResult(status: .succeeded))
        }
        _ = try await inner.submit(JobSubmission(id: "t", message: FaultBench.message("x"), maximumCrashes: 20))
        try await WorkerFixture.with(.test(broker: broker, lease: .milliseconds(600), handler: handler)) { _ in
            let reason = try await stopped.next()
            #expect(reason == .leaseLost)
        }
        let state = try await inner.job("t")?.state
        #expect(state != .succeeded)
    }
}
