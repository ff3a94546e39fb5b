// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension BrokerHarness {
    /// Submits a job of a tenant.
    @discardableResult
    func submit(_ id: JobID, tenant: String, kind: JobKind = text) async throws -> SubmitReceipt {
        try await broker.submit(JobSubmission(id: id, message: .test(kind: kind), tenant: tenant))
    }

    /// Claims up to `limit` jobs.
    func claim(_ limit: Int) async throws -> [JobEnvelope] {
        try await broker.claim(kinds: [text, score], worker: worker, limit: limit, lease: longLease).jobs
    }

    func complete(_ envelope: JobEnvelope) async throws {
        try await broker.complete(envelope.id, fence: envelope.fence, result: .success())
    }

    func depth(_ state: JobState, _ kind: JobKind = text) async throws -> Int? {
        try await broker.statistics(kinds: [kind])[0].depth[state]
    }
}

extension JobBrokerConformance {
    static let limits: [Case] = [
        Case("a paused queue gives nothing until it is resumed, and its limits stay") { h in
            let control = QueueControl(maximumDepth: 5, tenantMaximumRunning: 2)
            try await h.broker.setControl(text, control)
            #expect(try await h.broker.control(text) == control)
            #expect(try await h.broker.control(score) == QueueControl())
            try await h.submit("a")
            try await h.submit("s", kind: score)
            try await h.broker.pause(text)
            #expect(try await h.broker.control(text).isPaused)
            #expect(try await h.claim(9).map(\.id) == ["s"])
            #expect(try await h.state("a") == .ready)
            // Pausing stops no running job.
            try await h.broker.resume(text)
            let running = try await h.claimOne()
            try await h.broker.pause(text)
            try await h.complete(running)
            try await h.broker.resume(text)
            #expect(try await h.broker.control(text) == control)
            for bad in [QueueControl(maximumDepth: -1), QueueControl(tenantMaximumRunning: -2)] {
                await h.expectError(.malformed) { try await h.broker.setControl(text, bad) }
            }
            await h.expectError(.malformed) { try await h.broker.pause("no kind") }
        },
        Case("a worker that sleeps beside a paused queue is woken when it is resumed") { h in
            try await h.submit("a")
            try await h.broker.pause(text)
            try await h.expectNothingReady()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    var looks = 0
                    while try await h.claim(1).isEmpty {
                        looks += 1
                        guard looks < 200 else { return false }
                        try await h.broker.waitForWork(kinds: [text], timeout: .seconds(30))
                    }
                    return true
                }
                try await Task.sleep(for: .milliseconds(50))
                try await h.broker.resume(text)
                #expect(try await group.next() == true)
            }
        },
        Case("no more than a queue's limit run at a time") { h in
            try await h.broker.setControl(text, QueueControl(maximumRunning: 2))
            for index in 0..<5 { try await h.submit("t\(index)", index) }
            try await h.submit("s", kind: score)
            let first = try await h.claim(9)
            #expect(first.map(\.id) == ["t0", "t1", "s"])
            #expect(try await h.claim(9).isEmpty)
            try await h.complete(first[0])
            #expect(try await h.claim(9).map(\.id) == ["t2"])
            try await h.broker.setControl(text, QueueControl(maximumRunning: 3))
            #expect(try await h.claim(9).map(\.id) == ["t3"])
            try await h.broker.setControl(text, QueueControl(maximumRunning: 0))
            #expect(try await h.claim(9).isEmpty)
            try await h.broker.setControl(text, QueueControl())
            #expect(try await h.claim(9).map(\.id) == ["t4"])
        },
        Case("what a tenant has beyond its limit is parked, and others pass it") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1))
            for index in 0..<4 { try await h.submit(JobID("a\(index)"), tenant: "a") }
            try await h.submit("b0", tenant: "b")
            let first = try await h.claim(9)
            #expect(first.map(\.id) == ["a0", "b0"])
            #expect(try await h.state("a1") == .parked)
            #expect(try await h.depth(.parked) == 3)
            #expect(try await h.depth(.ready) == 0)
            #expect(try await h.history("a1") == [.ready, .parked])
            // Each end lets one of the same tenant in, the best first.
            try await h.complete(first[1])
            #expect(try await h.depth(.parked) == 3)
            try await h.complete(first[0])
            #expect(try await h.depth(.parked) == 2)
            let second = try await h.claim(9)
            #expect(second.map(\.id) == ["a1"])
            // However the attempt ends.
            try await h.broker.fail("a1", fence: second[0].fence, failure: .permanent, retryAfter: .zero)
            let third = try await h.claim(9)
            #expect(third.map(\.id) == ["a2"])
            try await h.broker.fail("a2", fence: third[0].fence, failure: .flaky, retryAfter: .seconds(60))
            let fourth = try await h.claim(9)
            #expect(fourth.map(\.id) == ["a3"])
            #expect(try await h.depth(.parked) == 0)
            let counters = try await h.broker.statistics(kinds: [text])[0].counters
            #expect(counters["parked"] == 3)
        },
        Case("a tenant's slot is free after a release, a lost lease and a cancellation") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1))
            for index in 0..<3 { try await h.submit(JobID("a\(index)"), tenant: "a") }
            let first = try await h.claim(3)
            #expect(first.map(\.id) == ["a0"])
            try await h.broker.release("a0", fence: first[0].fence)
            // It takes its old place again.
            let again = try await h.broker.claim(kinds: [text], worker: worker, limit: 3, lease: shortLease).jobs
            #expect(again.map(\.id) == ["a0"])
            try await h.advance(shortLease)
            #expect(try await h.broker.reap() == 1)
            let third = try await h.claim(3)
            #expect(third.map(\.id) == ["a0"])
            #expect(try await h.broker.cancel("a0" as JobID) == .running)
            #expect(try await h.claim(3).isEmpty)
            try await h.broker.confirmCancelled("a0", fence: third[0].fence)
            #expect(try await h.claim(3).map(\.id) == ["a1"])
        },
        Case("parked jobs are cancelled and expire, and leave no place taken") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1))
            try await h.submit("clock", kind: "clock.kind")
            let now = try #require(try await h.broker.job("clock")?.created)
            try await h.submit("a0", tenant: "a")
            _ = try await h.broker.submit(
                JobSubmission(id: "a1", message: .test(), tenant: "a", deadline: now + 3000))
            for index in 2..<5 { try await h.submit(JobID("a\(index)"), tenant: "a") }
            let first = try await h.claim(9)
            #expect(first.map(\.id) == ["a0"])
            #expect(try await h.depth(.parked) == 4)
            #expect(try await h.broker.cancel("a2" as JobID) == .cancelled)
            try await h.advance(longDelay)
            #expect(try await h.broker.reap() == 1)
            #expect(try await h.state("a1") == .expired)
            #expect(try await h.depth(.parked) == 2)
            try await h.complete(first[0])
            // A ready job that goes lets the next one in.
            #expect(try await h.state("a3") == .ready)
            #expect(try await h.broker.cancel("a3" as JobID) == .cancelled)
            #expect(try await h.claim(9).map(\.id) == ["a4"])
        },
        Case("a raised or lifted limit makes parked jobs ready") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1))
            for tenant in ["a", "b"] {
                for index in 0..<5 { try await h.submit(JobID("\(tenant)\(index)"), tenant: tenant) }
            }
            #expect(try await h.claim(9).map(\.id) == ["a0", "b0"])
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 3))
            #expect(try await h.depth(.ready) == 4)
            #expect(try await h.claim(9).map(\.id) == ["a1", "a2", "b1", "b2"])
            try await h.broker.setControl(text, QueueControl())
            #expect(try await h.depth(.parked) == 0)
            #expect(try await h.claim(9).map(\.id) == ["a3", "a4", "b3", "b4"])
        },
        Case("a tenant with more than a call can park does not hide the others") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1))
            let many = (0..<250).map { JobSubmission(id: JobID("a\($0)"), message: .test(), tenant: "a") }
            _ = try await h.broker.submit(many)
            try await h.submit("b0", tenant: "b")
            var ids: [JobID] = []
            for _ in 0..<10 {
                let claimed = try await h.broker.claim(kinds: [text], worker: worker, limit: 2, lease: longLease)
                ids += claimed.jobs.map(\.id)
                // Worth to look again at once, or all is parked.
                guard claimed.nextDue == .zero else { break }
            }
            #expect(ids == ["a0", "b0"])
            #expect(try await h.depth(.parked) == 249)
            try await h.broker.setControl(text, QueueControl())
            for _ in 0..<3 { try await h.broker.reap() }
            try await h.broker.setControl(text, QueueControl(tenantMaximumRunning: 1000))
            for _ in 0..<3 { try await h.broker.reap() }
            #expect(try await h.depth(.parked) == 0)
            #expect(try await h.depth(.ready) == 249)
        },
        Case("what a job asks for takes no place of its tenant, so that nobody waits for itself") { h in
            for kind in [text, score] {
                try await h.broker.setControl(
                    kind, QueueControl(maximumDepth: 1, tenantMaximumDepth: 1, tenantMaximumRunning: 1))
            }
            try await h.submit("p")
            _ = try await h.claimOne(text)
            for batch in 0..<3 { try await h.ask(batch) }
            let children = try await h.claim(9)
            #expect(children.map(\.id) == ["p.0", "p.1", "p.2"])
            for child in children { try await h.complete(child) }
            #expect(try await h.depth(.parked, score) == 0)
        },
        Case("a full queue refuses jobs and runs, and says when to come again") { h in
            try await h.broker.setControl(text, QueueControl(maximumDepth: 2))
            try await h.submit("a", 1)
            try await h.submit("b", 2)
            let error = await #expect(throws: JobError.self) { try await h.submit("c", 3) }
            #expect(error?.code == .queueFull)
            #expect(try (1...60).contains(#require(error?.retryAfter).components.seconds))
            #expect(try await h.broker.job("c") == nil)
            // What is there already is no new job.
            #expect(try await h.broker.submit(JobSubmission(id: "a", message: .test(1))).isDuplicate)
            let run = RunSubmission(
                id: "r", recipe: Recipe(name: "r", stages: ["x": .test(), "y": .test(after: ["x"])]))
            await h.expectError(.queueFull) { _ = try await h.broker.submit(run) }
            #expect(try await h.broker.run("r") == nil)
            #expect(try await h.broker.job("r.x") == nil)
            // Running jobs do not count.
            #expect(try await h.claim(2).count == 2)
            _ = try await h.broker.submit(run)
            await h.expectError(.queueFull) { try await h.submit("c", 3) }
        },
        Case("a tenant's depth is its own") { h in
            try await h.broker.setControl(text, QueueControl(tenantMaximumDepth: 2))
            for id in ["a0", "a1"] { try await h.submit(JobID(id), tenant: "a") }
            await h.expectError(.queueFull) { try await h.submit("a2", tenant: "a") }
            try await h.submit("b0", tenant: "b")
            let first = try await h.claim(1)
            try await h.submit("a2", tenant: "a")
            await h.expectError(.queueFull) { try await h.submit("a3", tenant: "a") }
            // A job that comes back is never refused; it counts again.
            try await h.broker.release(first[0].id, fence: first[0].fence)
            _ = try await h.broker.cancel("a1" as JobID)
            await h.expectError(.queueFull) { try await h.submit("a3", tenant: "a") }
            _ = try await h.broker.cancel("a2" as JobID)
            try await h.submit("a3", tenant: "a")
        },
    ]
}
