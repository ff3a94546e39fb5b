// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobBrokerConformance {
    static let working: [Case] = [
        Case("a lease that ends gives the job to another, and the first holder is refused") { h in
            try await h.submit("a")
            let first = try await h.claimOne(lease: shortLease)
            #expect(try await h.broker.reap() == 0)
            try await h.advance(shortLease)
            #expect(try await h.broker.reap() == 1)
            let second = try await h.claimOne()
            #expect(second.id == "a")
            #expect(second.fence > first.fence)
            #expect(second.attempt == 2)
            let beat = Heartbeat(job: "a", fence: first.fence, progress: JobProgress(phase: "stale", step: 1))
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.stale])
            await h.expectError(.staleFence) {
                try await h.broker.complete("a", fence: first.fence, result: .success())
            }
            await h.expectError(.staleFence) {
                try await h.broker.fail("a", fence: first.fence, failure: .flaky, retryAfter: .zero)
            }
            await h.expectError(.staleFence) { try await h.broker.release("a", fence: first.fence) }
            await h.expectError(.staleFence) { try await h.broker.confirmCancelled("a", fence: first.fence) }
            let job = try await h.broker.job("a")
            #expect(job?.state == .running)
            #expect(job?.crashes == 1)
            #expect(job?.progress == nil)
            try await h.broker.complete("a", fence: second.fence, result: .success())
            let kinds = try await h.broker.events(.job("a"), after: nil, limit: 100, wait: .zero).map(\.kind)
            #expect(kinds == [.state, .state, .leaseExpired, .state, .state, .state])
        },
        Case("a claim tells how long the job could have been claimed") { h in
            try await h.submit("a")
            try await h.advance(.milliseconds(50))
            let first = try await h.claimOne()
            #expect((50...5_000).contains(first.waited ?? -1))
            try await h.broker.fail("a", fence: first.fence, failure: .flaky, retryAfter: shortDelay)
            // Since its pause was over, whoever noticed that when.
            try await h.advance(shortDelay + .milliseconds(50))
            let second = try await h.claimOne()
            #expect((50...5_000).contains(second.waited ?? -1))
        },
        Case("heartbeats keep a lease and carry progress") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne(lease: shortLease)
            let progress = JobProgress(phase: "training", step: 3, total: 9, metrics: ["loss": 0.5])
            for step in 0..<4 {
                try await h.advance(shortLease * 0.4)
                let beat = Heartbeat(job: "a", fence: envelope.fence, progress: step == 1 ? progress : nil)
                #expect(try await h.broker.heartbeat([beat], lease: shortLease) == [.held])
                #expect(try await h.broker.reap() == 0)
            }
            #expect(try await h.broker.job("a")?.progress == progress)
            let events = try await h.broker.events(.job("a"), after: nil, limit: 100, wait: .zero)
            #expect(events.compactMap(\.progress) == [progress])
            let unknown = Heartbeat(job: "unknown", fence: Fence(1))
            let both = [unknown, Heartbeat(job: "a", fence: envelope.fence)]
            #expect(try await h.broker.heartbeat(both, lease: shortLease) == [.stale, .held])
            #expect(try await h.broker.job("unknown") == nil)
        },
        Case("a job that ends three workers is dead, and says so") { h in
            try await h.submit("a")
            for crash in 1...3 {
                try await h.advance(.milliseconds(100))
                let envelope = try await h.claimOne(lease: .milliseconds(40))
                #expect(envelope.attempt == crash)
                try await h.advance(.milliseconds(40))
                #expect(try await h.broker.reap() == 1)
            }
            let job = try #require(try await h.broker.job("a"))
            #expect(job.state == .dead)
            #expect(job.crashes == 3)
            #expect(job.attempts == 0)
            #expect(job.error?.type == .poison)
            try await h.expectNothingReady()
        },
        Case("an error is retried after its pause until attempts are used up, then the job is dead") { h in
            try await h.submit("a")
            for attempt in 1...2 {
                let envelope = try await h.claimOne()
                #expect(envelope.attempt == attempt)
                let state = try await h.broker.fail(
                    "a", fence: envelope.fence, failure: .flaky, retryAfter: shortDelay)
                #expect(state == .delayed)
                let repeated = try await h.broker.fail(
                    "a", fence: envelope.fence, failure: .flaky, retryAfter: shortDelay)
                #expect(repeated == .delayed)
                let nothing = try await h.broker.claim(kinds: [text], worker: worker, limit: 1, lease: longLease)
                #expect(nothing.jobs.isEmpty)
                let due = try #require(nothing.nextDue)
                #expect(due > .zero && due <= shortDelay)
                #expect(try await h.broker.job("a")?.error == .flaky)
                try await h.advance(shortDelay)
            }
            let last = try await h.claimOne()
            let state = try await h.broker.fail("a", fence: last.fence, failure: .flaky, retryAfter: .zero)
            #expect(state == .dead)
            #expect(try await h.broker.job("a")?.attempts == 3)
            try await h.expectNothingReady()
        },
        Case("a permanent error ends the job at once") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne()
            let state = try await h.broker.fail(
                "a", fence: envelope.fence, failure: .permanent, retryAfter: .seconds(1))
            #expect(state == .failed)
            #expect(try await h.broker.job("a")?.error == .permanent)
            let errors = try await h.broker.events(.job("a"), after: nil, limit: 100, wait: .zero).compactMap(\.error)
            #expect(errors == [.permanent])
        },
        Case("a completion whose answer was lost may be sent again") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne()
            for _ in 0..<3 { try await h.broker.complete("a", fence: envelope.fence, result: .success()) }
            #expect(try await h.history("a") == [.ready, .running, .succeeded])
            await h.expectError(.staleFence) {
                try await h.broker.complete("a", fence: Fence(envelope.fence.value + 1), result: .success())
            }
            let beat = Heartbeat(job: "a", fence: envelope.fence, progress: JobProgress(phase: "late", step: 1))
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.stale])
            #expect(try await h.broker.job("a")?.progress == nil)
        },
        Case("a released job goes back to its old place, and no attempt is counted") { h in
            try await h.submit("a")
            let envelope = try await h.claimOne()
            try await h.submit("b", 1)
            try await h.broker.release("a", fence: envelope.fence)
            try await h.broker.release("a", fence: envelope.fence)
            let again = try await h.claimOne()
            #expect(again.id == "a")
            #expect(again.attempt == 2)
            let job = try await h.broker.job("a")
            #expect(job?.interruptions == 1)
            #expect(job?.attempts == 0)
            #expect(job?.crashes == 0)
        },
        Case("a deadline ends a job that is ready, running or delayed") { h in
            func submit(_ id: JobID, after time: Int64) async throws {
                // The server's clock is not ours: take it from a job.
                try await h.submit("clock-\(id)", kind: "clock.kind")
                let now = try #require(try await h.broker.job(JobID("clock-\(id)"))?.created)
                _ = try await h.broker.submit(JobSubmission(id: id, message: .test(), deadline: now + time))
            }
            try await submit("late", after: -1)
            try await h.expectNothingReady()
            #expect(try await h.state("late") == .expired)
            #expect(try await h.broker.job("late")?.error?.type == .expired)

            try await submit("running", after: 3000)
            let envelope = try await h.claimOne()
            #expect(envelope.deadline != nil)
            let beat = Heartbeat(job: "running", fence: envelope.fence)
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.held])
            try await h.advance(longDelay)
            #expect(try await h.broker.heartbeat([beat], lease: longLease) == [.stale])
            #expect(try await h.state("running") == .expired)
            await h.expectError(.staleFence) {
                try await h.broker.complete("running", fence: envelope.fence, result: .success())
            }

            try await submit("delayed", after: 3000)
            let third = try await h.claimOne()
            try await h.broker.fail("delayed", fence: third.fence, failure: .flaky, retryAfter: .seconds(60))
            #expect(try await h.state("delayed") == .delayed)
            try await h.advance(longDelay)
            try await h.broker.reap()
            #expect(try await h.state("delayed") == .expired)
        },
    ]
}
