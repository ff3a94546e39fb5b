// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension BrokerHarness {
    /// Reports successes and asks for jobs in one call.
    func complete(_ envelopes: [JobEnvelope], thenClaim limit: Int? = nil) async throws -> CompletionReply {
        try await broker.complete(
            envelopes.map { Completion(job: $0.id, fence: $0.fence, result: .success()) },
            thenClaim: limit.map { ClaimRequest(kinds: [text, score], worker: worker, limit: $0, lease: longLease) })
    }
}

extension JobBrokerConformance {
    static let batches: [Case] = [
        Case("many ends and the next claim are one call, each end by itself") { h in
            for number in 0..<5 { try await h.submit("t\(number)", number) }
            let first = try await h.broker.claim(kinds: [text], worker: worker, limit: 3, lease: longLease).jobs
            var stale = first[1]
            stale.fence = Fence(stale.fence.value + 1)
            var unknown = first[0]
            unknown.id = "unknown"
            let reply = try await h.complete([first[0], stale, first[2], unknown], thenClaim: 5)
            #expect(reply.refusals.map { $0?.code } == [nil, .staleFence, nil, .staleFence])
            #expect(reply.claimed.jobs.map(\.id) == ["t3", "t4"])
            #expect(try await h.broker.job("t0")?.result == .success())
            let states = try await [h.state("t0"), h.state("t1"), h.state("t2"), h.state("t3"), h.state("t4")]
            #expect(states == [.succeeded, .running, .succeeded, .running, .running])
            #expect(try await h.history("t0") == [.ready, .running, .succeeded])
            // The same again, as if the answer had been lost.
            let again = try await h.complete([first[0], first[2]])
            #expect(again.refusals.map { $0?.code } == [nil, nil])
            #expect(again.claimed.jobs.isEmpty)
            let rest = try await h.complete([first[1]] + reply.claimed.jobs, thenClaim: 1)
            #expect(rest.refusals.map { $0?.code } == [nil, nil, nil])
            #expect(rest.claimed.jobs.isEmpty)
            let counters = try await h.broker.statistics(kinds: [text])[0].counters
            #expect(counters["succeeded"] == 5)
            #expect(counters["claimed"] == 5)
        },
        Case("the end of a stage makes the next one ready in the same call") { h in
            let stage = { (after: [String]?) in
                RecipeStage(kind: text, payload: JobMessage.test().payload, after: after)
            }
            let recipe = Recipe(name: "two", stages: ["a": stage(nil), "b": stage(["a"])])
            let run = try await h.broker.submit(RunSubmission(recipe: recipe)).id
            let first = try await h.claimOne()
            let reply = try await h.complete([first], thenClaim: 2)
            #expect(reply.claimed.jobs.map(\.stage) == ["b"])
            _ = try await h.complete(reply.claimed.jobs)
            #expect(try await h.broker.run(run)?.state == .succeeded)
        },
        Case("a batch without ends is a claim, and without a claim only ends") { h in
            #expect(try await h.complete([]).claimed.jobs.isEmpty)
            #expect(try await h.complete([], thenClaim: 3).claimed.jobs.isEmpty)
            try await h.submit("a")
            let claimed = try await h.complete([], thenClaim: 3).claimed.jobs
            #expect(claimed.map(\.id) == ["a"])
            #expect(try await h.complete(claimed).refusals.count == 1)
            #expect(try await h.state("a") == .succeeded)
        },
    ]
}
