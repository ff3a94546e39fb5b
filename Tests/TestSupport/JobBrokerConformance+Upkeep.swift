// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension BrokerHarness {
    /// Audits everything, in slices.
    func audit(repair: Bool = false, limit: Int = 7) async throws -> (findings: [QueueAudit.Finding], repaired: Int) {
        var findings: [QueueAudit.Finding] = []
        var repaired = 0
        var cursor: String?
        repeat {
            let slice = try await broker.check(repair: repair, cursor: cursor, limit: limit)
            findings += slice.findings
            repaired += slice.repaired
            cursor = slice.cursor
        } while cursor != nil
        return (findings, repaired)
    }

    /// Checks that every index holds just the jobs of its state.
    func expectCleanAudit() async throws {
        let findings = try await audit(limit: 100).findings
        #expect(findings.isEmpty)
    }

    /// Checks that each job went only from state to state as the table of transitions allows, and is where its events
    /// say.
    func expectLawfulHistories() async throws {
        var last: [JobID: JobState] = [:]
        var cursor: String?
        while true {
            let page = try await broker.events(.all, after: cursor, limit: 10_000, wait: .zero)
            guard let end = page.last?.id else { break }
            cursor = end
            for event in page {
                guard let state = event.state else { continue }
                // A job that was forgotten may be submitted anew under its id.
                let isNew = last[event.job]?.isTerminal ?? true
                #expect(
                    JobTransition.isAllowed(from: last[event.job], to: state)
                        || (isNew && JobTransition.isAllowed(from: nil, to: state)),
                    "\(event.job): \(last[event.job]?.rawValue ?? "nothing") to \(state)")
                last[event.job] = state
            }
        }
        for (id, state) in last {
            if let job = try await broker.job(id) { #expect(job.state == state, "\(id)") }
        }
    }

    /// A dead letter.
    func letter(_ id: String, _ number: Int = 0) async throws {
        try await submit(id, number)
        let envelope = try await claimOne()
        let progress = JobProgress(phase: "reading", step: 1)
        _ = try await broker.heartbeat(
            [Heartbeat(job: JobID(id), fence: envelope.fence, progress: progress)], lease: longLease)
        try await broker.fail(JobID(id), fence: envelope.fence, failure: .permanent, retryAfter: .zero)
    }
}

extension JobBrokerConformance {
    static let upkeep: [Case] = [
        Case("a dead letter is discarded with what it had asked for") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            for batch in 0..<150 { try await h.ask(batch) }
            let child = try await h.claimOne(score)
            await h.expectError(.wrongState) { try await h.broker.discard("p") }
            try await h.complete(child)
            await h.expectError(.wrongState) { try await h.broker.discard(child.id) }
            try await h.broker.fail("p", fence: parent.fence, failure: .permanent, retryAfter: .zero)
            for _ in 0..<3 { try await h.broker.reap() }
            #expect(try await h.broker.discard("p") == .failed)
            #expect(try await h.broker.job("p") == nil)
            #expect(try await h.broker.job("p.0") == nil)
            #expect(try await h.broker.job("p.149") == nil)
            #expect(try await h.broker.jobs(JobFilter()).jobs.isEmpty)
            #expect(try await h.broker.events(.job("p"), after: nil, limit: 10, wait: .zero).isEmpty)
            await h.expectError(.notFound) { try await h.broker.discard("p") }
            // Its id is free again.
            #expect(try await !h.broker.submit(JobSubmission(id: "p", message: .test(5))).isDuplicate)
            #expect(try await h.history("p") == [.ready])
        },
        Case("a run's stage is not discarded by itself") { h in
            try await h.submitRun(["a": .test()])
            try await h.failStage("a")
            await h.expectError(.wrongState) { try await h.broker.discard("r.a") }
        },
        Case("a purge removes what was said and keeps what happened") { h in
            try await h.letter("a", 1)
            #expect(try await h.broker.job("a")?.progress != nil)
            try await h.broker.purge("a" as JobID)
            let job = try #require(try await h.broker.job("a"))
            #expect(job.state == .failed)
            #expect(job.attempts == 1)
            #expect(job.progress == nil)
            #expect(job.error?.type == JobFailure.permanent.type)
            #expect(job.error?.detail == "purged")
            let events = try await h.broker.events(.job("a"), after: nil, limit: 100, wait: .zero)
            #expect(events.map(\.kind) == [.state, .state, .state])
            #expect(events.allSatisfy { $0.error == nil })
            await h.expectError(.wrongState) { _ = try await h.broker.retry("a") }
            // The same body under its id is still the same job.
            #expect(try await h.broker.submit(JobSubmission(id: "a", message: .test(1))).isDuplicate)
            await h.expectError(.conflict) { try await h.submit("a", 2) }
            try await h.broker.purge("a" as JobID)

            try await h.submit("b")
            await h.expectError(.wrongState) { try await h.broker.purge("b" as JobID) }
            let b = try await h.claimOne()
            await h.expectError(.wrongState) { try await h.broker.purge("b" as JobID) }
            try await h.complete(b)
            try await h.broker.purge("b" as JobID)
            #expect(try await h.broker.job("b")?.result == nil)
            #expect(try await h.state("b") == .succeeded)
            await h.expectError(.notFound) { try await h.broker.purge("nobody" as JobID) }
            await h.expectError(.notFound) { try await h.broker.purge("nobody" as RunID) }
        },
        Case("a purge goes through the jobs that a job asked for, but not before its end") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            for batch in 0..<120 { try await h.ask(batch) }
            let child = try await h.claimOne(score)
            try await h.complete(child)
            await h.expectError(.wrongState) { try await h.broker.purge(child.id) }
            let running = try await h.claimOne(score)
            try await h.complete(parent)
            for _ in 0..<3 { try await h.broker.reap() }
            // One of them has not stopped yet.
            await h.expectError(.wrongState) { try await h.broker.purge("p" as JobID) }
            try await h.broker.confirmCancelled(running.id, fence: running.fence)
            try await h.broker.purge("p" as JobID)
            #expect(try await h.broker.job("p")?.result == nil)
            #expect(try await h.broker.job(child.id)?.result == nil)
            #expect(try await h.broker.job("p.119")?.error?.detail == "purged")
        },
        Case("a run is purged as a whole, after its end") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}")])
            try await h.completeStage("a")
            await h.expectError(.wrongState) { try await h.broker.purge("r" as RunID) }
            await h.expectError(.wrongState) { try await h.broker.purge("r.a" as JobID) }
            try await h.completeStage("b")
            try await h.broker.purge("r" as RunID)
            let run = try #require(try await h.broker.run("r"))
            #expect(run.state == .succeeded)
            #expect(run.stages.allSatisfy { $0.result == nil && $0.state == .succeeded })
        },
        Case("all that ended before a time is purged, in slices, and nothing that is needed") { h in
            for index in 0..<5 {
                try await h.submit("t\(index)", index)
                try await h.complete(h.claimOne())
                try await h.advance(.milliseconds(2))
            }
            try await h.letter("dead", 7)
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}")])
            try await h.completeStage("a")
            try await h.advance(.milliseconds(50))
            try await h.submit("late", 9, kind: score)
            try await h.complete(h.claimOne(score))
            let before = try #require(try await h.broker.job("late")?.finished)
            #expect(try await h.broker.purgeEnded(before: before, limit: 2) == 2)
            #expect(try await h.broker.job("t1")?.result == nil)
            #expect(try await h.broker.job("t2")?.result != nil)
            #expect(try await h.broker.purgeEnded(before: before, limit: 1000) == 4)
            #expect(try await h.broker.purgeEnded(before: before, limit: 1000) == 0)
            #expect(try await h.broker.job("dead")?.error?.detail == "purged")
            #expect(try await h.broker.job("late")?.result != nil)
            #expect(try await h.broker.job("r.a")?.result != nil)
            try await h.completeStage("b")
            #expect(try await h.run().state == .succeeded)
        },
        Case("calls of attempts that hold nothing any more are counted") { h in
            try await h.submit("a")
            let first = try await h.claimOne()
            try await h.broker.release("a", fence: first.fence)
            _ = try await h.claimOne()
            await h.expectError(.staleFence) {
                try await h.broker.complete("a", fence: Fence(1), result: .success())
            }
            _ = try await h.broker.heartbeat([Heartbeat(job: "a", fence: first.fence)], lease: longLease)
            #expect(try await h.broker.statistics(kinds: [text])[0].counters["stale_calls"] == 2)
        },
        Case("dead jobs are counted until they are retried or discarded") { h in
            for index in 0..<2 {
                _ = try await h.broker.submit(
                    JobSubmission(id: JobID("d\(index)"), message: .test(index), maximumAttempts: 1))
                let envelope = try await h.claimOne()
                try await h.broker.fail(envelope.id, fence: envelope.fence, failure: .flaky, retryAfter: .zero)
            }
            #expect(try await h.depth(.dead) == 2)
            try await h.broker.discard("d0")
            #expect(try await h.depth(.dead) == 1)
            #expect(try await h.broker.retry("d1") == .ready)
            #expect(try await h.depth(.dead) == 0)
        },
        Case("an audit of a queue in every state finds nothing") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 2))
            for index in 0..<12 { try await h.submit("t\(index)", index) }
            let claimed = try await h.claim(4)
            #expect(claimed.count == 2)
            try await h.complete(claimed[0])
            try await h.broker.fail(claimed[1].id, fence: claimed[1].fence, failure: .flaky, retryAfter: .seconds(9))
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}")])
            let audit = try await h.audit(repair: true)
            #expect(audit.findings.isEmpty)
            #expect(audit.repaired == 0)
            var seen = 0
            var cursor: String?
            repeat {
                let slice = try await h.broker.check(repair: false, cursor: cursor, limit: 5)
                seen += slice.jobsSeen
                cursor = slice.cursor
            } while cursor != nil
            #expect(seen == 14)
            await h.expectError(.malformed) {
                _ = try await h.broker.check(repair: false, cursor: "yesterday", limit: 1)
            }
        },
    ]

    /// Cases for brokers that keep payload and result of what succeeded for `longDelay` only.
    public static let retention: [Case] = [
        Case("payload and result go some time after success; what may be retried keeps them") { h in
            try await h.submit("a", 1)
            try await h.complete(h.claimOne())
            try await h.broker.reap()
            #expect(try await h.broker.job("a")?.result != nil)
            try await h.letter("b", 2)
            try await h.submit("c", 3)
            try await h.advance(longDelay)
            try await h.broker.reap()
            let job = try #require(try await h.broker.job("a"))
            #expect(job.state == .succeeded)
            #expect(job.result == nil)
            // The record itself stays, and is still the same job.
            #expect(try await h.broker.submit(JobSubmission(id: "a", message: .test(1))).isDuplicate)
            #expect(try await h.broker.retry("b") == .ready)
            let again = try await h.claimOne()
            #expect(again.message == .test(2))
            #expect(try await h.claimOne().message == .test(3))
        },
        Case("a stage keeps its result as long as its run may need it") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}")])
            try await h.completeStage("a", ["ids": [[7]]])
            try await h.advance(longDelay)
            try await h.broker.reap()
            let b = try await h.claimStage("b")
            #expect(b.message.payload["texts"] == [[7]])
            try await h.broker.fail(b.id, fence: b.fence, failure: .permanent, retryAfter: .zero)
            try await h.advance(longDelay)
            try await h.broker.reap()
            // A failed run may be retried.
            #expect(try await h.broker.retry("r.b") == .ready)
            try await h.completeStage("b")
            try await h.broker.reap()
            #expect(try await h.broker.job("r.a")?.result != nil)
            try await h.advance(longDelay)
            try await h.broker.reap()
            #expect(try await h.broker.job("r.a")?.result == nil)
            #expect(try await h.run().state == .succeeded)
        },
        Case("a parent finds its children's results however long it takes") { h in
            try await h.submit("p")
            let parent = try await h.claimOne(text)
            try await h.ask(0)
            try await h.complete(h.claimOne(score))
            try await h.advance(longDelay)
            try await h.broker.reap()
            #expect(try await h.broker.job("p.0")?.result != nil)
            try await h.complete(parent)
            try await h.advance(longDelay)
            try await h.broker.reap()
            #expect(try await h.broker.job("p.0")?.result == nil)
            #expect(try await h.broker.job("p")?.result == nil)
        },
    ]
}
