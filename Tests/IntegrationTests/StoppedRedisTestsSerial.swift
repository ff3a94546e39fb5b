// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages
import TestSupport
import Testing

/// A queue that is away: refused in time, said so, and nothing that was acknowledged is lost.
@Suite("A Redis that stops or dies loses no acknowledged job", .serialized)
struct StoppedRedisTestsSerial {
    @Test("While Redis stands still submissions get a 503 that says when to try again; then all goes on")
    func stopped() async throws {
        try await StackFixture.with { stack in
            let gateway = stack.gateway
            let payload: JSONValue = ["tokenizer": try await stack.tokenizer(), "texts": ["before", "and after"]]
            let body: JSONValue = ["kind": "tokenize.text", "payload": payload]
            let before = try await gateway.submit("tokenize.text", payload)

            try stack.signal("redis", SIGSTOP)
            async let refused = gateway.post("/v1/jobs", body, headers: ["idempotency-key": "while-it-was-away"])
            async let readiness = gateway.get("/readyz")
            let health = try await gateway.get("/healthz")
            #expect(health.status == 200)
            for answer in try await [refused, readiness] {
                #expect(answer.status == 503)
                #expect(try answer.problem().type == "/problems/queue-unavailable")
                #expect(Int(answer.headers["retry-after"] ?? "") ?? 0 > 0)
            }
            let page = try await gateway.get("/metrics")
            #expect(page.status == 200)
            try stack.signal("redis", SIGCONT)

            _ = try await gateway.patiently({ try await gateway.get("/readyz").status }) { $0 == 200 }
            // The client does what it was told: again, under the same key.
            let again = try await gateway.patiently({
                try await gateway.post("/v1/jobs", body, headers: ["idempotency-key": "while-it-was-away"])
            }) { $0.status == 202 }
            let id = JobID(try #require(try again.json["id"]?.stringValue))
            #expect(try await gateway.awaitJob(before).state == .succeeded)
            #expect(try await gateway.awaitJob(id).state == .succeeded)
            // Whether or not the refused call reached Redis after all, the key stands for one job.
            let jobs = try await gateway.jobs("kind=tokenize.text")
            #expect(Set(jobs.map(\.id)) == [before, id])
            // A claim whose answer was lost when Redis stopped is a dead worker to the queue, once.
            #expect(jobs.allSatisfy { $0.crashes <= 1 && $0.attempts == 0 })
        }
    }

    @Test("kill -9 of Redis while clients submit: every acknowledged job is there and ends")
    func killed() async throws {
        try await StackFixture.with { stack in
            let gateway = stack.gateway
            let payload: JSONValue = ["tokenizer": try await stack.tokenizer(), "texts": ["fever"]]
            let body: JSONValue = ["kind": "tokenize.text", "payload": payload]
            let acknowledged = TestSignal<JobID>()
            try await withThrowingTaskGroup { group in
                for client in 0..<4 {
                    group.addTask {
                        for number in 0..<60 {
                            let answer = try await gateway.patiently({
                                try await gateway.post(
                                    "/v1/jobs", body, headers: ["idempotency-key": "\(client)-\(number)"])
                            }) { $0.status == 202 }
                            acknowledged.send(JobID(try answer.json["id"]?.stringValue ?? ""))
                        }
                    }
                }
                for count in [40, 140] {
                    try await eventually(within: .seconds(60)) { acknowledged.all.count >= count }
                    try await stack.killAndAwait("redis")
                }
                try await group.waitForAll()
            }
            #expect(Set(acknowledged.all).count == 240)
            let jobs = try await gateway.patiently({ try await gateway.jobs("kind=tokenize.text") }) { jobs in
                jobs.allSatisfy(\.state.isTerminal)
            }
            // One job for each key: none lost, none twice.
            #expect(Set(jobs.map(\.id)) == Set(acknowledged.all))
            #expect(jobs.allSatisfy { $0.state == .succeeded })
        }
    }
}
