// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension BrokerHarness {
    /// Submits a question to a model.
    fileprivate func ask(_ id: String, _ model: String, priority: Int = 0) async throws {
        let message = JobMessage(kind: score, payload: ["model": .string(model)])
        _ = try await broker.submit(JobSubmission(id: JobID(id), message: message, priority: priority))
    }

    /// Ids of what a worker gets that has these models loaded.
    fileprivate func claim(loaded models: String..., limit: Int = 1) async throws -> [JobID] {
        try await take(loaded: models, limit: limit).jobs.map(\.id)
    }

    fileprivate func take(
        loaded models: [String], limit: Int = 1, lease: Duration = longLease
    ) async throws -> ClaimResult {
        try await broker.claim(
            ClaimRequest(kinds: [score], worker: worker, limit: limit, lease: lease, loaded: tags(models)))
    }

    fileprivate func tags(_ models: [String]) -> [String] {
        models.compactMap { JobMessage.affinity(ofModel: .string($0)) }
    }
}

extension JobBrokerConformance {
    static let affinity: [Case] = [
        Case("a worker gets jobs of what it has loaded first, in their order, then the others") { h in
            for (id, model) in [("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b"), ("c1", "c")] {
                try await h.ask(id, model)
            }
            #expect(try await h.claim(loaded: "b") == ["b1"])
            #expect(try await h.claim(loaded: "a", "c", limit: 2) == ["a1", "a2"])
            try await h.advance(.seconds(2))
            #expect(try await h.claim(loaded: "a", limit: 2) == ["b2", "c1"])
            // For who keeps no models the order is the fair one; what asks no model has no affinity.
            try await h.ask("a3", "a")
            try await h.ask("b3", "b")
            let plain = try await h.broker.claim(kinds: [score], worker: worker, limit: 1, lease: longLease)
            #expect(plain.jobs.map(\.id) == ["a3"])
            try await h.advance(.seconds(2))
            let request = ClaimRequest(
                kinds: [text, score], worker: worker, limit: 2, lease: longLease,
                loaded: [JobMessage.affinity(ofModel: "z") ?? ""])
            try await h.submit("t")
            #expect(try await h.broker.claim(request).jobs.map(\.id) == ["b3", "t"])
        },
        Case("a job is left to the workers that have its model: for two seconds, and while they ask for jobs") { h in
            #expect(try await h.claim(loaded: "a").isEmpty)
            for (id, model) in [("a1", "a"), ("b1", "b"), ("a2", "a")] { try await h.ask(id, model) }
            // Nobody has b; a worker that has another model, or none yet, leaves what is asked of a.
            #expect(try await h.claim(loaded: "c", limit: 3) == ["b1"])
            let left = try await h.take(loaded: [], limit: 3)
            #expect(left.jobs.isEmpty)
            let due = try #require(left.nextDue)
            #expect(due > .zero && due <= .seconds(2))
            #expect(try await h.claim(loaded: "a") == ["a1"])
            try await h.advance(.seconds(2))
            #expect(try await h.claim(loaded: "c", limit: 3) == ["a2"])
            // A worker that has not asked for a lease may be dead.
            #expect(try await h.take(loaded: ["d"], lease: .milliseconds(200)).jobs.isEmpty)
            try await h.ask("d1", "d")
            #expect(try await h.claim(loaded: "c").isEmpty)
            try await h.advance(.milliseconds(200))
            #expect(try await h.claim(loaded: "c") == ["d1"])
            // What is left to others hides nothing behind it, however urgent it is.
            try await h.ask("a3", "a", priority: 3)
            try await h.ask("c1", "c")
            #expect(try await h.claim(loaded: "e", limit: 2).isEmpty)
            #expect(try await h.claim(loaded: "c", limit: 2) == ["c1"])
            #expect(try await h.claim(loaded: "a") == ["a3"])
        },
        Case("whoever leaves a job to others calls them, and sleeps itself") { h in
            #expect(try await h.claim(loaded: "a").isEmpty)
            try await h.ask("a1", "a")
            try await TestSignalError.within(.seconds(60)) {
                // The job's own token wakes the wrong worker.
                try await h.broker.waitForWork(kinds: [score], loaded: nil, timeout: .seconds(30))
                return ()
            }
            #expect(try await h.claim(loaded: "b").isEmpty)
            let start = ContinuousClock.now
            try await TestSignalError.within(.seconds(60)) {
                try await h.broker.waitForWork(kinds: [score], loaded: h.tags(["a"]), timeout: .seconds(30))
                return ()
            }
            #expect(ContinuousClock.now - start < .seconds(25))
            #expect(try await h.claim(loaded: "a") == ["a1"])
            let again = ContinuousClock.now
            try await TestSignalError.within(.seconds(60)) {
                try await h.broker.waitForWork(kinds: [score], loaded: h.tags(["b"]), timeout: .milliseconds(300))
                return ()
            }
            #expect(ContinuousClock.now - again >= .milliseconds(290))
        },
        Case("nothing is passed over more than sixteen times, nor by what is a step of priority behind") { h in
            try await h.ask("old", "b")
            for index in 0..<20 { try await h.ask("a\(index)", "a") }
            for index in 0..<16 { #expect(try await h.claim(loaded: "a") == [JobID("a\(index)")]) }
            #expect(try await h.claim(loaded: "a") == ["old"])
            #expect(try await h.claim(loaded: "a") == ["a16"])
            try await h.ask("urgent", "b", priority: 2)
            #expect(try await h.claim(loaded: "a") == ["urgent"])
        },
    ]
}
