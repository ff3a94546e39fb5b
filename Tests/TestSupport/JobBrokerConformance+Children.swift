// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension BrokerHarness {
    /// A child of `p`.
    @discardableResult
    func ask(_ batch: Int, parent: JobID = "p") async throws -> SubmitReceipt {
        let submission = JobSubmission(
            id: JobID("\(parent).\(batch)"), message: .test(batch, kind: score), parent: parent)
        return try await broker.submit(submission)
    }
}

extension JobBrokerConformance {
    static let children: [Case] = [
        Case("a restarted parent finds the answers of its children instead of asking twice") { h in
            try await h.submit("p")
            let first = try await h.claimOne(text)
            for batch in 0..<3 { #expect(try await !h.ask(batch).isDuplicate) }
            let child = try await h.claimOne(score)
            #expect(child.id == "p.0")
            #expect(child.parent == "p")
            try await h.broker.complete(child.id, fence: child.fence, result: .success())
            try await h.broker.release("p", fence: first.fence)
            _ = try await h.claimOne(text)
            #expect(try await h.ask(0) == SubmitReceipt(id: "p.0", state: .succeeded, isDuplicate: true))
            #expect(try await h.ask(1) == SubmitReceipt(id: "p.1", state: .ready, isDuplicate: true))
        },
        Case("children have their parent's priority and keep their order") { h in
            try await h.submit("p", priority: 5)
            _ = try await h.claimOne(text)
            try await h.submit("other", kind: score, priority: 4)
            for batch in 0..<3 { try await h.ask(batch) }
            var order: [String] = []
            for _ in 0..<4 { order.append(try await h.claimOne(score).id.rawValue) }
            #expect(order == ["p.0", "p.1", "p.2", "other"])
            #expect(try await h.broker.job("p.0")?.priority == 5)
        },
        Case("cancelling a parent cancels its children and refuses new ones") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            for batch in 0..<3 { try await h.ask(batch) }
            let running = try await h.claimOne(score)
            try await _ = h.broker.submit(
                JobSubmission(id: "p.0.0", message: .test(9, kind: score), parent: running.id))
            #expect(try await h.broker.cancel("p" as JobID) == .running)
            let beat = Heartbeat(job: running.id, fence: running.fence)
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.cancelRequested])
            #expect(try await h.state("p.1") == .cancelled)
            #expect(try await h.state("p.2") == .cancelled)
            await h.expectError(.wrongState) { try await h.ask(3) }
            try await h.broker.confirmCancelled(running.id, fence: running.fence)
            #expect(try await h.state("p.0.0") == .cancelled)
            try await h.broker.confirmCancelled("p", fence: parent.fence)
            await h.expectError(.wrongState) { try await h.ask(3) }
            await h.expectError(.notFound) { try await h.ask(0, parent: "nobody") }
            try await h.expectNothingReady()
        },
        Case("a parent's end ends the children nobody waits for any more") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            for batch in 0..<250 { try await h.ask(batch) }
            try await h.broker.fail("p", fence: parent.fence, failure: .permanent, retryAfter: .zero)
            // What one transition leaves over, the next reaps do.
            for _ in 0..<5 { try await h.broker.reap() }
            try await h.expectNothingReady()
            #expect(try await h.broker.statistics(kinds: [score])[0].counters["cancelled"] == 250)
        },
        Case("a child that is retried is cancelled with its parent again") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            try await h.ask(0)
            let child = try await h.claimOne(score)
            try await h.broker.fail(child.id, fence: child.fence, failure: .permanent, retryAfter: .zero)
            #expect(try await h.broker.retry(child.id) == .ready)
            _ = try await h.broker.cancel(JobID("p"))
            try await h.broker.confirmCancelled("p", fence: parent.fence)
            #expect(try await h.state(child.id) == .cancelled)
        },
        Case("a retried parent asks anew what had not succeeded") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            for batch in 0..<2 { try await h.ask(batch) }
            let good = try await h.claimOne(score)
            try await h.broker.complete(good.id, fence: good.fence, result: .success())
            let bad = try await h.claimOne(score)
            try await h.broker.fail(bad.id, fence: bad.fence, failure: .permanent, retryAfter: .zero)
            try await h.broker.fail("p", fence: parent.fence, failure: .permanent, retryAfter: .zero)
            #expect(try await h.broker.retry("p") == .ready)
            _ = try await h.claimOne(text)
            #expect(try await h.ask(0).state == .succeeded)
            #expect(try await h.ask(1) == SubmitReceipt(id: "p.1", state: .ready, isDuplicate: false))
        },
    ]
}
