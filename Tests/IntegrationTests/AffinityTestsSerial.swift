// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("Workers keep to the models they have loaded", .serialized, .timeLimit(.minutes(5)))
struct AffinityTestsSerial {
    @Test(
        "Two models on three workers with room for one each: few loads, and every question answered",
        arguments: [Arrival.backlog, .asked])
    func twoModels(_ arrival: Arrival) async throws {
        // About 1.4 MB of weights and 0.6 MB of keys and values for each.
        let environment = ["MELLAMA_MEMORY_BUDGET": "2500000", "MELLAMA_CONCURRENCY": "1"]
        try await StackFixture.with(inference: 3, environment: environment, prepare: StackFixture.writeTokens) {
            stack in
            switch arrival {
            case .backlog:
                _ = try await stack.gateway.post("/v1/queues/infer.generate/pause", [:])
                var ids: [JobID] = []
                for number in 0..<90 { ids.append(try await Self.ask(number, stack)) }
                _ = try await stack.gateway.post("/v1/queues/infer.generate/resume", [:])
                try await Self.await(ids, stack)
            case .asked:
                for pair in 0..<45 {
                    try await Self.await([Self.ask(2 * pair, stack), Self.ask(2 * pair + 1, stack)], stack)
                }
            }
            let loads = try stack.logs().filter { $0.key.hasPrefix("inference") }.values.reduce(0) {
                $0 + $1.components(separatedBy: "model loaded").count - 1
            }
            // Each worker loads one; at a backlog's end, when one model's questions run out, a worker takes the other's.
            #expect((2...(arrival == .backlog ? 8 : 6)).contains(loads), "\(loads) loads for 90 questions")
        }
    }

    /// How the questions come: all before a worker looks, or two at a time, one of each model, to workers that are idle.
    enum Arrival: Sendable { case backlog, asked }

    private static func ask(_ number: Int, _ stack: StackFixture) async throws -> JobID {
        let model: JSONValue = ["configuration": StackFixture.configuration, "seed": .integer(Int64(number % 2))]
        let request: JSONValue = ["promptIDs": [5, 6, 7], "maxTokens": 64, "ignoreEndOfSequence": true]
        return try await stack.gateway.submit(.inferGenerate, ["model": model, "requests": [request]])
    }

    private static func await(_ ids: [JobID], _ stack: StackFixture) async throws {
        for id in ids {
            let job = try await stack.gateway.awaitJob(id)
            #expect(job.state == .succeeded, "\(job.error?.description ?? "")")
        }
    }
}
