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
        let request = ClaimRequest(
            kinds: [score], worker: worker, limit: limit, lease: longLease,
            loaded: models.compactMap { JobMessage.affinity(ofModel: .string($0)) })
        return try await broker.claim(request).jobs.map(\.id)
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
            #expect(try await h.claim(loaded: "a", limit: 2) == ["b2", "c1"])
            // Without anything loaded the order is the fair one; what asks no model has no affinity.
            try await h.ask("a3", "a")
            try await h.ask("b3", "b")
            #expect(try await h.claim() == ["a3"])
            let request = ClaimRequest(
                kinds: [text, score], worker: worker, limit: 2, lease: longLease,
                loaded: [JobMessage.affinity(ofModel: "z") ?? ""])
            try await h.submit("t")
            #expect(try await h.broker.claim(request).jobs.map(\.id) == ["b3", "t"])
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
