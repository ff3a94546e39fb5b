// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobBrokerConformance {
    static let steering: [Case] = [
        Case("a job that nobody holds is cancelled at once") { h in
            try await h.submit("ready")
            #expect(try await h.broker.cancel("ready" as JobID) == .cancelled)
            try await h.expectNothingReady()
            try await h.submit("delayed")
            let envelope = try await h.claimOne()
            try await h.broker.fail("delayed", fence: envelope.fence, failure: .flaky, retryAfter: .seconds(60))
            #expect(try await h.broker.cancel("delayed" as JobID) == .cancelled)
            let nothing = try await h.broker.claim(kinds: [text], worker: worker, limit: 1, lease: longLease)
            #expect(nothing.nextDue == nil)
            #expect(try await h.broker.job("ready")?.error?.type == .cancelled)
        },
        Case("a running job is told at its next heartbeat, and confirms") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne()
            #expect(try await h.broker.cancel("a" as JobID) == .running)
            #expect(try await h.broker.cancel("a" as JobID) == .running)
            #expect(try await h.broker.job("a")?.cancelRequested == true)
            let beat = Heartbeat(job: "a", fence: envelope.fence)
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.cancelRequested])
            try await h.broker.confirmCancelled("a", fence: envelope.fence)
            try await h.broker.confirmCancelled("a", fence: envelope.fence)
            #expect(try await h.state("a") == .cancelled)
            let kinds = try await h.broker.events(.job("a"), after: nil, limit: 100, wait: .zero).map(\.kind)
            #expect(kinds == [.state, .state, .cancelRequested, .state])
        },
        Case("a cancelled job ends as cancelled however its attempt ends, but for success") { h in
            for (id, end) in [("fail", 0), ("release", 1), ("crash", 2), ("complete", 3)] {
                let job = try await h.submit(id)
                let envelope = try await h.claimOne(lease: shortLease)
                _ = try await h.broker.cancel(job)
                switch end {
                case 0: try await h.broker.fail(job, fence: envelope.fence, failure: .flaky, retryAfter: .zero)
                case 1: try await h.broker.release(job, fence: envelope.fence)
                case 2:
                    try await h.advance(shortLease)
                    try await h.broker.reap()
                default: try await h.broker.complete(job, fence: envelope.fence, result: .success())
                }
                #expect(try await h.state(job) == (end == 3 ? .succeeded : .cancelled))
            }
            try await h.expectNothingReady()
        },
        Case("an ended job stays as it is, an unknown one is not found") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne()
            try await h.broker.complete("a", fence: envelope.fence, result: .success())
            #expect(try await h.broker.cancel("a" as JobID) == .succeeded)
            await h.expectError(.notFound) { _ = try await h.broker.cancel("unknown" as JobID) }
            await h.expectError(.notFound) { try await h.broker.cancel("unknown" as RunID) }
            await h.expectError(.notFound) { _ = try await h.broker.retry("unknown") }
        },
        Case("failed, dead and cancelled jobs can be retried with fresh counters; others can't") { h in
            try await h.submit("a")
            await h.expectError(.wrongState) { _ = try await h.broker.retry("a") }
            let first = try await h.claimOne()
            await h.expectError(.wrongState) { _ = try await h.broker.retry("a") }
            try await h.broker.fail("a", fence: first.fence, failure: .permanent, retryAfter: .zero)
            #expect(try await h.broker.retry("a") == .ready)
            let job = try #require(try await h.broker.job("a"))
            #expect(job.attempts == 0)
            #expect(job.error == nil)
            #expect(job.finished == nil)
            await h.expectError(.staleFence) {
                try await h.broker.complete("a", fence: first.fence, result: .success())
            }
            _ = try await h.broker.cancel("a" as JobID)
            #expect(try await h.broker.retry("a") == .ready)
            let second = try await h.claimOne()
            #expect(second.attempt == 1)
            #expect(second.fence > first.fence)
            try await h.broker.complete("a", fence: second.fence, result: .success())
            await h.expectError(.wrongState) { _ = try await h.broker.retry("a") }
        },
    ]
}
