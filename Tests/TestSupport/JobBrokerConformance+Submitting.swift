// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension JobBrokerConformance {
    static let submitting: [Case] = [
        Case("a job is accepted, claimed, completed and remembered") { h in
            let submission = JobSubmission(
                message: .test(7), tenant: "ward", priority: 3, traceparent: "00-1-2-01", deadline: nil)
            let receipt = try await h.broker.submit(submission)
            #expect(receipt.state == .ready)
            #expect(!receipt.isDuplicate)
            let envelope = try await h.claimOne()
            #expect(envelope.id == receipt.id)
            #expect(envelope.message == .test(7))
            #expect(envelope.tenant == "ward")
            #expect(envelope.priority == 3)
            #expect(envelope.traceparent == "00-1-2-01")
            #expect(envelope.attempt == 1)
            try await h.expectNothingReady()
            try await h.broker.complete(receipt.id, fence: envelope.fence, result: .success(["ids": [[5]]]))
            let job = try #require(try await h.broker.job(receipt.id))
            #expect(job.state == .succeeded)
            #expect(job.result == .success(["ids": [[5]]]))
            #expect(job.tenant == "ward")
            #expect(job.started != nil)
            #expect(job.finished != nil)
            #expect(try await h.history(receipt.id) == [.ready, .running, .succeeded])
            #expect(try await h.broker.job("unknown") == nil)
        },
        Case("an id submitted again is the same job, with another body a conflict") { h in
            try await h.submit("a", 1)
            let again = try await h.broker.submit(JobSubmission(id: "a", message: .test(1)))
            #expect(again.isDuplicate)
            #expect(again.id == "a")
            await h.expectError(.conflict) { try await h.submit("a", 2) }
            let envelope = try await h.claimOne()
            try await h.expectNothingReady()
            try await h.broker.complete("a", fence: envelope.fence, result: .success())
            let late = try await h.broker.submit(JobSubmission(id: "a", message: .test(1)))
            #expect(late.isDuplicate)
            #expect(late.state == .succeeded)
            try await h.expectNothingReady()
        },
        Case("fifty clients with one idempotency key make one job; another body is a conflict") { h in
            let ids = try await withThrowingTaskGroup(of: SubmitReceipt.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await h.broker.submit(JobSubmission(message: .test(1), idempotencyKey: "key"))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(ids.map(\.id)).count == 1)
            #expect(ids.filter { !$0.isDuplicate }.count == 1)
            _ = try await h.claimOne()
            try await h.expectNothingReady()
            await h.expectError(.conflict) {
                _ = try await h.broker.submit(JobSubmission(message: .test(2), idempotencyKey: "key"))
            }
            let other = try await h.broker.submit(
                JobSubmission(message: .test(2), tenant: "other", idempotencyKey: "key"))
            #expect(!other.isDuplicate)
        },
        Case("jobs come in the order they went in, and priority is a head start") { h in
            for index in 0..<20 { try await h.submit("j\(index)", index) }
            try await h.submit("urgent", priority: 1)
            try await h.submit("idle", priority: -1)
            try await h.submit("last")
            var order: [String] = []
            for _ in 0..<23 { order.append(try await h.claimOne().id.rawValue) }
            #expect(order == ["urgent"] + (0..<20).map { "j\($0)" } + ["last", "idle"])
        },
        Case("a claim takes only its kinds, up to its limit") { h in
            for index in 0..<5 { try await h.submit("t\(index)", index) }
            try await h.submit("s", kind: score)
            try await h.submit("u", kind: "future.kind")
            let three = try await h.broker.claim(kinds: [text], worker: worker, limit: 3, lease: longLease)
            #expect(three.jobs.map(\.id) == ["t0", "t1", "t2"])
            let rest = try await h.broker.claim(kinds: [score, text], worker: worker, limit: 9, lease: longLease)
            #expect(rest.jobs.map(\.id) == ["t3", "t4", "s"])
            #expect(Set(rest.jobs.map(\.fence) + three.jobs.map(\.fence)).count == 6)
            try await h.expectNothingReady()
            #expect(try await h.state("u") == .ready)
            #expect(try await h.broker.claim(kinds: [], worker: worker, limit: 1, lease: longLease).jobs.isEmpty)
        },
        Case("payloads come back as they went in") { h in
            let payload: JSONValue = [
                "big": .integer(.max), "small": .integer(.min), "pi": 3.141592653589793, "tiny": 1e-300,
                "text": "\u{1F9EC} \"quoted\" \\ / \u{0} \r\n 日本", "empty": [], "object": .object([:]), "none": .null,
                "deep": [[[[["x"]]]]],
            ]
            try await _ = h.broker.submit(JobSubmission(id: "p", message: JobMessage(kind: text, payload: payload)))
            let envelope = try await h.claimOne()
            #expect(envelope.message.payload == payload)
            try await h.broker.complete("p", fence: envelope.fence, result: .success(payload))
            #expect(try await h.broker.job("p")?.result?.output == payload)
        },
        Case("ids that are no ids are refused") { h in
            for id in ["", "a b", "a:b", "ä", String(repeating: "x", count: 201)] {
                await h.expectError(.malformed) { try await h.submit(id) }
            }
        },
        Case("a worker that waits is woken by a submission, and by nothing else before its time") { h in
            try await TestSignalError.within(.seconds(60)) {
                try await h.broker.waitForWork(kinds: [text], timeout: .milliseconds(20))
                return ()
            }
            let woken = TestSignal<Void>()
            try await withThrowingTaskGroup { group in
                group.addTask {
                    try await h.broker.waitForWork(kinds: [score, text], timeout: .seconds(30))
                    woken.send()
                }
                try await h.submit("a")
                try await woken.next()
                try await group.waitForAll()
            }
            // What woke the worker was not the job itself.
            #expect(try await h.claimOne().id == "a")
        },
    ]
}
