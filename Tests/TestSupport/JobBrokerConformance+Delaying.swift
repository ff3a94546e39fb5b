// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobBrokerConformance {
    static let delaying: [Case] = [
        Case("a job is not claimed before its time, and keeps its place") { h in
            try await h.submit("clock", kind: "clock.kind")
            let now = try #require(try await h.broker.job("clock")?.created)
            let receipt = try await h.broker.submit(
                JobSubmission(id: "later", message: .test(1), notBefore: now + 3000))
            #expect(receipt.state == .delayed)
            let past = try await h.broker.submit(JobSubmission(id: "past", message: .test(2), notBefore: now - 1))
            #expect(past.state == .ready)
            #expect(try await h.claimOne().id == "past")
            let nothing = try await h.broker.claim(kinds: [text], worker: worker, limit: 1, lease: longLease)
            #expect(nothing.jobs.isEmpty)
            let due = try #require(nothing.nextDue)
            #expect(due > .zero && due <= longDelay)
            try await h.submit("b", 3)
            try await h.advance(longDelay)
            #expect(try await h.claimOne().id == "later")
            #expect(try await h.claimOne().id == "b")
            #expect(try await h.history("later") == [.delayed, .ready, .running])
        },
        Case("a delayed job is cancelled before its time") { h in
            try await h.submit("clock", kind: "clock.kind")
            let now = try #require(try await h.broker.job("clock")?.created)
            _ = try await h.broker.submit(JobSubmission(id: "d", message: .test(), notBefore: now + 60_000))
            #expect(try await h.depth(.delayed) == 1)
            #expect(try await h.broker.cancel("d" as JobID) == .cancelled)
            #expect(try await h.depth(.delayed) == 0)
        },
        Case("many jobs are accepted in one call, in order, each by itself") { h in
            try await h.submit("known", 1)
            try await h.broker.setControl(score, QueueControl(maximumDepth: 1))
            let submissions = [
                JobSubmission(id: "a", message: .test(1)),
                JobSubmission(id: "bad id", message: .test(2)),
                JobSubmission(id: "known", message: .test(1)),
                JobSubmission(id: "known", message: .test(2)),
                JobSubmission(id: "s0", message: .test(3, kind: score)),
                JobSubmission(id: "s1", message: .test(4, kind: score)),
                JobSubmission(id: "child", message: .test(5, kind: score), parent: "a"),
                JobSubmission(id: "orphan", message: .test(6), parent: "nobody"),
                JobSubmission(id: "b", message: .test(7), idempotencyKey: "key"),
                JobSubmission(id: "c", message: .test(7), idempotencyKey: "key"),
            ]
            let results = try await h.broker.submit(submissions)
            let codes = results.map { result -> JobError.Code? in
                if case .failure(let error) = result { error.code } else { nil }
            }
            #expect(
                codes == [nil, .malformed, nil, .conflict, nil, .queueFull, nil, .notFound, nil, nil])
            let receipts = results.map { try? $0.get() }
            #expect(receipts[0] == SubmitReceipt(id: "a", state: .ready, isDuplicate: false))
            #expect(receipts[2] == SubmitReceipt(id: "known", state: .ready, isDuplicate: true))
            #expect(receipts[9] == SubmitReceipt(id: "b", state: .ready, isDuplicate: true))
            #expect(try await h.claim(9).map(\.id) == ["known", "a", "s0", "child", "b"])
            #expect(try await h.broker.submit([]).isEmpty)
        },
        Case("a thousand jobs go in one call, not one more") { h in
            let many = (0..<1001).map { JobSubmission(id: JobID("j\($0)"), message: .test($0)) }
            await h.expectError(.malformed) { _ = try await h.broker.submit(many) }
            let results = try await h.broker.submit(Array(many.prefix(1000)))
            #expect(results.count == 1000)
            #expect(results.allSatisfy { (try? $0.get().isDuplicate) == false })
            #expect(try await h.depth(.ready) == 1000)
            let first = try await h.claim(100)
            #expect(first.map(\.id) == many.prefix(100).compactMap(\.id))
        },
        Case("a run's deadline ends the stages that are not done by then") { h in
            try await h.submit("clock", kind: "clock.kind")
            let now = try #require(try await h.broker.job("clock")?.created)
            let recipe = Recipe(
                name: "late", stages: ["a": .test(), "b": .test("${a.ids}"), "c": .test(after: ["b"])])
            _ = try await h.broker.submit(RunSubmission(id: "r", recipe: recipe, deadline: now + 3000))
            try await h.completeStage("a")
            _ = try await h.claimStage("b")
            try await h.advance(longDelay)
            try await h.broker.reap()
            let run = try await h.run()
            #expect(run.stages == ["a": .succeeded, "b": .expired, "c": .expired])
            #expect(run.state == .failed)
            // A retry is free of it.
            #expect(try await h.broker.retry("r.b") == .ready)
            #expect(try await h.broker.retry("r.c") == .waiting)
            try await h.completeStage("b")
            try await h.completeStage("c")
            #expect(try await h.run().state == .succeeded)
        },
        Case("an envelope tells errors apart from crashes and interruptions") { h in
            try await h.submit("a")
            let first = try await h.claimOne()
            #expect(first.errors == 0)
            try await h.broker.release("a", fence: first.fence)
            let second = try await h.claimOne(lease: shortLease)
            #expect(second.attempt == 2)
            #expect(second.errors == 0)
            try await h.advance(shortLease)
            try await h.broker.reap()
            let third = try await h.claimOne()
            try await h.broker.fail("a", fence: third.fence, failure: .flaky, retryAfter: .zero)
            let fourth = try await h.claimOne()
            #expect(fourth.attempt == 4)
            #expect(fourth.errors == 1)
        },
    ]
}
