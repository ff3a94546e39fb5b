// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("Workers keep to the models they have loaded", .serialized, .timeLimit(.minutes(5)))
struct AffinityTestsSerial {
    @Test("Two models on three workers with room for one each: few loads, and every question answered")
    func twoModels() async throws {
        // About 1.4 MB of weights and 0.6 MB of keys and values for each.
        let environment = ["MELLAMA_MEMORY_BUDGET": "2500000", "MELLAMA_CONCURRENCY": "1"]
        try await StackFixture.with(inference: 3, environment: environment, prepare: StackFixture.writeTokens) {
            stack in
            // A backlog: a worker that finds nothing ready but another model's job takes that.
            _ = try await stack.gateway.post("/v1/queues/infer.generate/pause", [:])
            var ids: [JobID] = []
            for number in 0..<90 {
                let model: JSONValue = [
                    "configuration": StackFixture.configuration, "seed": .integer(Int64(number % 2)),
                ]
                let request: JSONValue = ["promptIDs": [5, 6, 7], "maxTokens": 64, "ignoreEndOfSequence": true]
                ids.append(
                    try await stack.gateway.submit(.inferGenerate, ["model": model, "requests": [request]]))
            }
            _ = try await stack.gateway.post("/v1/queues/infer.generate/resume", [:])
            for id in ids {
                let job = try await stack.gateway.awaitJob(id)
                #expect(job.state == .succeeded, "\(job.error?.description ?? "")")
            }
            let loads = try stack.logs().filter { $0.key.hasPrefix("inference") }.values.reduce(0) {
                $0 + $1.components(separatedBy: "model loaded").count - 1
            }
            // Each worker loads one; at the end, when one model's questions run out, a worker takes the other's.
            #expect((2...8).contains(loads), "\(loads) loads for 90 questions")
        }
    }
}
