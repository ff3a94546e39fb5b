// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Testing

@testable import gateway

@Suite("Queues: limits, pauses, bulk, dead letters, purge and audit over HTTP")
struct QueueRouteTests {
    static func items(_ value: JSONValue?) -> [JSONValue] { if case .array(let items)? = value { items } else { [] } }

    @Test("A full queue is 429 with Retry-After, and takes jobs again with a higher limit")
    func full() async throws {
        try await GatewayFixture.with { fixture in
            let message = fixture.message
            try await fixture.router { client in
                let limits: JSONValue = ["maximumDepth": 1]
                let set = try await client.call(uri: "/v1/queues/tokenize.text", method: .put, body: limits.body)
                #expect(set.status == .ok)
                #expect(try set.json["control"]?["maximumDepth"] == 1)
                let first = try await client.call(uri: "/v1/jobs", method: .post, body: message.body)
                #expect(first.status == .accepted)
                let second = try await client.call(uri: "/v1/jobs", method: .post, body: message.body)
                #expect(second.status == .tooManyRequests)
                #expect(try second.problem.type == "/problems/queue-full")
                #expect(Int(second.headers[.retryAfter] ?? "") ?? 0 >= 1)
                let open: JSONValue = [:]
                _ = try await client.call(uri: "/v1/queues/tokenize.text", method: .put, body: open.body)
                let third = try await client.call(uri: "/v1/jobs", method: .post, body: message.body)
                #expect(third.status == .accepted)
            }
        }
    }

    @Test("A queue is paused and resumed, and its limits stay")
    func pause() async throws {
        try await GatewayFixture.with { fixture in
            let broker = fixture.broker
            let message = fixture.message
            try await fixture.router { client in
                let limits: JSONValue = ["maximumRunning": 5]
                _ = try await client.call(uri: "/v1/queues/tokenize.text", method: .put, body: limits.body)
                let paused = try await client.call(uri: "/v1/queues/tokenize.text/pause", method: .post).json
                #expect(paused["control"]?["isPaused"] == true)
                #expect(paused["control"]?["maximumRunning"] == 5)
                _ = try await client.call(uri: "/v1/jobs", method: .post, body: message.body)
                let none = try await broker.claim(
                    kinds: [.tokenizeText], worker: WorkerID("w"), limit: 1, lease: .seconds(5))
                #expect(none.jobs.isEmpty)
                // Limits alone leave the pause as it is.
                let again = try await client.call(uri: "/v1/queues/tokenize.text", method: .put, body: limits.body)
                #expect(try again.json["control"]?["isPaused"] == true)
                let resumed = try await client.call(uri: "/v1/queues/tokenize.text/resume", method: .post).json
                #expect(resumed["control"]?["isPaused"] == false)
                #expect(resumed["depth"]?["ready"] == 1)
                let list = try await client.call(uri: "/v1/queues", method: .get).json
                #expect(Self.items(list["queues"]).count == JobKind.payloadTypes.count)
            }
        }
    }

    @Test("An unknown queue is a 404 that names the nearest, a bad limit a 422")
    func refusals() async throws {
        try await GatewayFixture.with { fixture in
            try await fixture.router { client in
                let unknown = try await client.call(uri: "/v1/queues/tokenize.txt", method: .get)
                #expect(unknown.status == .notFound)
                #expect(try unknown.problem.detail.contains("tokenize.text"))
                for body: JSONValue in [["maximumDepth": -1], ["maximumDepht": 1], ["maximumDepth": "1"]] {
                    let response = try await client.call(
                        uri: "/v1/queues/tokenize.text", method: .put, body: body.body)
                    #expect(response.status == .unprocessableContent)
                }
            }
        }
    }

    @Test("A list of jobs is answered in order, each by itself, and again the same under the same key")
    func bulk() async throws {
        try await GatewayFixture.with { fixture in
            let good = fixture.message
            let bad = good.with(["kind"], "tokenize.txt")
            let late = good.with(["deadline"], 5)
            let key = try #require(HTTPField.Name("Idempotency-Key"))
            let body = JSONValue.array([good, bad, good.with(["priority"], 7), late]).body
            let broker = fixture.broker
            try await fixture.router { client in
                var ids: [[String?]] = []
                for attempt in 0..<2 {
                    let response = try await client.call(
                        uri: "/v1/jobs", method: .post, headers: [key: "bulk"], body: body)
                    #expect(response.status == .ok)
                    let jobs = Self.items(try response.json["jobs"])
                    #expect(jobs.map { $0["status"] } == [202, 422, 202, 422])
                    #expect(jobs[1]["problem"]?["type"] == "/problems/unknown-kind")
                    #expect(jobs[3]["problem"]?["field"] == "deadline")
                    #expect(jobs[0]["accepted"]?["duplicate"] == .bool(attempt == 1))
                    ids.append(jobs.map { $0["accepted"]?["id"]?.stringValue })
                }
                #expect(ids[0] == ids[1])
                let held = try await broker.jobs(JobFilter()).jobs
                #expect(held.count == 2)
                #expect(Set(held.map(\.priority)) == [0, 7])
                let none = try await client.call(uri: "/v1/jobs", method: .post, body: JSONValue.array([]).body)
                #expect(none.status == .unprocessableContent)
            }
        }
    }

    @Test("A job waits for its time, and a priority beyond its bounds is refused")
    func options() async throws {
        try await GatewayFixture.with { fixture in
            let message = fixture.message
            let later = Int64(InMemoryJobBroker.systemClock()) + 3_600_000
            try await fixture.router { client in
                let delayed = try await client.call(
                    uri: "/v1/jobs", method: .post, body: message.with(["notBefore"], .integer(later)).body)
                #expect(try delayed.json["state"] == "delayed")
                for (name, value) in [("priority", 1001), ("notBefore", 1_700_000_000), ("deadline", -1)] {
                    let response = try await client.call(
                        uri: "/v1/jobs", method: .post, body: message.with([name], .integer(Int64(value))).body)
                    #expect(response.status == .unprocessableContent, "\(name)")
                    #expect(try response.problem.field == name)
                }
                let before = message.with(["notBefore"], .integer(later)).with(["deadline"], .integer(later - 1))
                let response = try await client.call(uri: "/v1/jobs", method: .post, body: before.body)
                #expect(response.status == .unprocessableContent)
            }
        }
    }

    @Test("A dead letter is listed, and forgotten on demand; what runs is not")
    func discard() async throws {
        try await GatewayFixture.with { fixture in
            let broker = fixture.broker
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": ["a"]])
            let id = try await broker.submit(JobSubmission(message: message, maximumAttempts: 1)).id
            let archive = fixture.archive
            let follower = ArchiveTests.follower(fixture, broker)
            try await fixture.router { client in
                let early = try await client.call(uri: "/v1/jobs/\(id)", method: .delete)
                #expect(early.status == .conflict)
                let job = try await JobRouteTests.claim(broker)
                let failure = JobFailure(.storage, title: "Full", detail: "full", retryable: true)
                try await broker.fail(job.id, fence: job.fence, failure: failure, retryAfter: .zero)
                try await follower.step()
                #expect(archive.holds(id.rawValue))
                let dead = try await client.call(uri: "/v1/jobs?state=dead", method: .get).json
                #expect(Self.items(dead["jobs"]).count == 1)
                let gone = try await client.call(uri: "/v1/jobs/\(id)", method: .delete)
                #expect(gone.status == .ok)
                #expect(try gone.json["state"] == "dead")
                let missing = try await client.call(uri: "/v1/jobs/\(id)", method: .get)
                #expect(missing.status == .notFound)
            }
        }
    }

    @Test("Purging takes the text and leaves the state")
    func purge() async throws {
        try await GatewayFixture.with { fixture in
            let broker = fixture.broker
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": ["a"]])
            let first = try await broker.submit(JobSubmission(message: message)).id
            let recipe = try MessageDecoder(policy: .strict).decode(Recipe.self, from: fixture.recipe)
            let run = try await broker.submit(RunSubmission(recipe: recipe)).id
            try await fixture.router { client in
                let early = try await client.call(uri: "/v1/jobs/\(first)/purge", method: .post)
                #expect(early.status == .conflict)
                try await ArchiveTests.work(broker)
                for uri in ["/v1/jobs/\(first)", "/v1/runs/\(run)"] {
                    let purged = try await client.call(uri: uri + "/purge", method: .post)
                    #expect(purged.status == .ok)
                    let found = try await client.call(uri: uri, method: .get)
                    #expect(try found.json["state"] == "succeeded")
                    #expect(!found.text.contains(ArchiveTests.canary))
                }
                let second = try await broker.submit(JobSubmission(message: message)).id
                try await ArchiveTests.work(broker)
                let order: JSONValue = ["endedBefore": .integer(Int64(InMemoryJobBroker.systemClock()) + 1000)]
                let all = try await client.call(uri: "/v1/purge", method: .post, body: order.body)
                #expect(try all.json["purged"] == 1)
                let found = try await client.call(uri: "/v1/jobs/\(second)", method: .get)
                #expect(!found.text.contains(ArchiveTests.canary))
            }
        }
    }

    @Test("The audit looks at all jobs, slice by slice")
    func check() async throws {
        try await GatewayFixture.with { fixture in
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": ["a"]])
            for _ in 0..<5 { _ = try await fixture.broker.submit(JobSubmission(message: message)) }
            try await fixture.router { client in
                var seen: Int64 = 0
                var order: JSONValue = ["limit": 2, "repair": true]
                for _ in 0..<20 {
                    let audit = try await client.call(uri: "/v1/check", method: .post, body: order.body).json
                    if case .integer(let count)? = audit["jobsSeen"] { seen += count }
                    #expect(audit["findings"] == [])
                    guard let cursor = audit["cursor"]?.stringValue else { break }
                    order = order.with(["cursor"], .string(cursor))
                }
                #expect(seen == 5)
                let bad: JSONValue = ["limit": 0]
                let response = try await client.call(uri: "/v1/check", method: .post, body: bad.body)
                #expect(response.status == .unprocessableContent)
            }
        }
    }

    @Test("Only an administrator sets limits, purges by time and audits")
    func scopes() async throws {
        try await GatewayFixture.with { fixture in
            let digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"
            fixture.keys = try KeyRing(parsing: "user:\(digest):submit,read,cancel", file: "keys")
            try await fixture.router { client in
                let headers: HTTPFields = [.authorization: "Bearer foo"]
                let read = try await client.call(uri: "/v1/queues", method: .get, headers: headers)
                #expect(read.status == .ok)
                for uri in ["/v1/queues/tokenize.text/pause", "/v1/purge", "/v1/check"] {
                    let response = try await client.call(uri: uri, method: .post, headers: headers)
                    #expect(response.status == .forbidden, "\(uri)")
                }
            }
        }
    }
}
