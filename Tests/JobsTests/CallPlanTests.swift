// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import TestSupport
import Testing

@testable import Jobs

@Suite("A worker's callers gather what ended, and never promise a slot twice")
struct CallPlanTests {
    private func ended(_ id: JobID) -> EndedAttempt {
        let envelope = JobEnvelope(id: id, fence: Fence(1), message: JobMessage(kind: .tokenizeText, payload: [:]))
        return EndedAttempt(
            envelope: envelope, trace: nil, result: JobResult(status: .succeeded), start: .now, end: .now)
    }

    /// What a call reports and asks for; nil where the step is none.
    private func call(_ step: CallPlan.Step?) -> (ids: [JobID], limit: Int)? {
        guard case .call(let ended, let limit) = step else { return nil }
        return (ended.map(\.envelope.id), limit)
    }

    @Test("An idle worker claims once, then sleeps, and a token makes it claim again")
    func idle() throws {
        var plan = CallPlan(slots: 3)
        #expect(call(plan.next())?.limit == 3)
        // The other caller has nothing to do.
        #expect(plan.next() == nil)
        plan.claimed(0, of: 3, due: .seconds(2))
        guard case .sleep(let due) = plan.next() else { throw TestFailure() }
        #expect(due == .seconds(2))
        #expect(plan.next() == nil)
        plan.woke()
        #expect(call(plan.next())?.limit == 3)
    }

    @Test("What ends during a call is gathered for the next, with the slots it freed")
    func gathering() {
        var plan = CallPlan(slots: 4)
        _ = plan.next()
        plan.claimed(4, of: 4, due: nil)
        #expect(plan.next() == nil)
        plan.succeeded(ended("a"))
        let first = call(plan.next())
        #expect(first?.ids == ["a"])
        #expect(first?.limit == 1)
        plan.succeeded(ended("b"))
        plan.succeeded(ended("c"))
        let second = call(plan.next())
        #expect(second?.ids == ["b", "c"])
        #expect(second?.limit == 2)
        plan.reported(1)
        plan.claimed(1, of: 1, due: nil)
        #expect(plan.next() == nil)
        #expect(plan.held == 4)
        plan.reported(2)
        plan.claimed(1, of: 2, due: nil)
        #expect(plan.held == 3)
        // One slot is free, and nothing is ready: somebody sleeps for it, and meanwhile ends are reported alone.
        guard case .sleep = plan.next() else {
            Issue.record("must sleep")
            return
        }
        plan.succeeded(ended("d"))
        let third = call(plan.next())
        #expect(third?.ids == ["d"])
        #expect(third?.limit == 0)
    }

    @Test("Nobody sleeps on the wake list while a claim is under way or no slot is free")
    func sleeping() {
        var plan = CallPlan(slots: 2)
        _ = plan.next()
        plan.claimed(1, of: 2, due: nil)
        guard case .sleep = plan.next() else {
            Issue.record("must sleep")
            return
        }
        plan.woke()
        #expect(call(plan.next())?.limit == 1)
        plan.succeeded(ended("a"))
        #expect(call(plan.next())?.limit == 1)
        plan.claimed(0, of: 1, due: nil)
        #expect(plan.next() == nil, "the other claim is under way")
        plan.reported(1)
        plan.claimed(1, of: 1, due: nil)
        #expect(call(plan.next())?.limit == 1, "the last claim found as much as it asked for")
        plan.claimed(1, of: 1, due: nil)
        #expect(plan.next() == nil)
    }

    @Test("A failed call gives its slots back and is reported again")
    func failure() {
        var plan = CallPlan(slots: 2)
        _ = plan.next()
        plan.claimed(2, of: 2, due: nil)
        plan.succeeded(ended("a"))
        let first = call(plan.next())
        #expect(first?.limit == 1)
        plan.succeeded(ended("b"))
        plan.failed([ended("a")], limit: 1)
        let again = call(plan.next())
        #expect(again?.ids == ["a", "b"])
        #expect(again?.limit == 2)
    }

    @Test("After a stop it ends once all that was held is reported")
    func stopping() {
        var plan = CallPlan(slots: 2)
        _ = plan.next()
        plan.claimed(2, of: 2, due: nil)
        plan.stop()
        #expect(plan.next() == nil)
        plan.succeeded(ended("a"))
        #expect(call(plan.next())?.limit == 0)
        plan.reported(1)
        #expect(plan.next() == nil)
        plan.settled()
        guard case .finish = plan.next() else {
            Issue.record("must finish")
            return
        }
    }

    private struct TestFailure: Error {}
}
