// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Artifacts
import FoundationEssentials
import Hummingbird
import HummingbirdTesting
import Jobs
import Logging
import Messages
import Testing

@testable import gateway

@Suite("What has ended outlives the queue")
struct ArchiveTests {
    static let artifact = ArtifactID("sha256:" + String(repeating: "a", count: 64))
    static let canary = "canary-of-a-prompt"

    static func follower(_ fixture: GatewayFixture, _ broker: any JobBroker) -> ArchiveFollower {
        ArchiveFollower(broker: broker, archive: fixture.archive, namespace: "test", logger: fixture.logger)
    }

    /// Lets a worker end whatever is ready; answers and errors quote the payload, as only they may.
    static func work(_ broker: any JobBroker, fails: Bool = false) async throws {
        while true {
            let claimed = try await broker.claim(
                kinds: [.tokenizeText, .tokenizeTrain], worker: WorkerID("w"), limit: 1, lease: .seconds(60))
            guard let job = claimed.jobs.first else { return }
            if fails {
                let failure = JobFailure(.badInput, title: "The job can't be done as asked", detail: canary)
                try await broker.fail(job.id, fence: job.fence, failure: failure, retryAfter: .zero)
            } else {
                let output: JSONValue = [
                    "tokenizer": .string(artifact.rawValue), "text": .string(canary), "ids": [1, 2],
                ]
                let result = JobResult(
                    status: .succeeded, output: output, metrics: ["seconds": 2], artifacts: [artifact])
                try await broker.complete(job.id, fence: job.fence, result: result)
            }
        }
    }

    @Test("A run that the queue has forgotten is read, listed and watched as before, without its text")
    func forgottenRun() async throws {
        try await GatewayFixture.with { fixture in
            let old = InMemoryJobBroker()
            let recipe = try MessageDecoder(policy: .strict).decode(Recipe.self, from: fixture.recipe)
            let run = try await old.submit(RunSubmission(recipe: recipe)).id
            try await Self.work(old)
            while try await Self.follower(fixture, old).step() > 0 {}
            // Another queue, which knows nothing.
            fixture.broker = InMemoryJobBroker()
            try await fixture.router { client in
                let found = try await client.call(uri: "/v1/runs/\(run)", method: .get).json
                #expect(found["state"] == "succeeded")
                #expect(found["name"] == "two")
                guard case .array(let stages)? = found["stages"] else { throw CancellationError() }
                #expect(stages.count == 2)
                #expect(stages[0]["result"]?["output"] == ["tokenizer": .string(Self.artifact.rawValue)])
                #expect(stages[0]["result"]?["metrics"] == ["seconds": 2])
                let stage = try await client.call(uri: "/v1/jobs/\(run).ids", method: .get).json
                #expect(stage["state"] == "succeeded")
                let list = try await client.call(uri: "/v1/runs", method: .get)
                #expect(try list.json["runs"]?.count == 1)
                let jobs = try await client.call(uri: "/v1/jobs?state=succeeded&kind=tokenize.text", method: .get)
                #expect(try jobs.json["jobs"]?.count == 1)
                let events = try await client.call(
                    uri: "/v1/runs/\(run)/events", method: .get, headers: [.accept: "application/json"])
                #expect(try events.json["ended"] == true)
                #expect(try events.json["events"]?.count == 7)
                let stream = try await client.call(uri: "/v1/jobs/\(run).ids/events", method: .get)
                #expect(stream.text.contains("event: end\ndata: {\"state\":\"succeeded\"}"))
                #expect(stream.text.split(separator: "\n").filter { $0 == "event: state" }.count == 4)
                for response in [list, jobs, events] { #expect(!response.text.contains(Self.canary)) }
            }
            let path = "\(fixture.folder)/store/runs/\(run)/manifest.json"
            let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
            #expect(!text.contains(Self.canary) && !text.contains("fever"))
        }
    }

    @Test("A failed job keeps type and title of its error; another tenant does not see it")
    func failedJob() async throws {
        try await GatewayFixture.with { fixture in
            let old = InMemoryJobBroker()
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": [.string(Self.canary)]])
            let id = try await old.submit(JobSubmission(message: message, tenant: "t")).id
            try await Self.work(old, fails: true)
            try await Self.follower(fixture, old).step()
            fixture.broker = InMemoryJobBroker()
            try await fixture.router { client in
                let job = try await client.call(uri: "/v1/jobs/\(id)", method: .get)
                #expect(try job.json["state"] == "failed")
                #expect(try job.json["error"]?["type"] == "bad-input")
                #expect(!job.text.contains(Self.canary))
            }
            let gateway = fixture.gateway
            let stranger = Principal(name: "b", tenant: "other", scopes: [.read])
            #expect(try await gateway.archivedJobs(JobFilter(), after: nil, for: stranger).jobs.isEmpty)
        }
    }

    @Test("The follower goes on where it was, writes what it missed, and a retried run's new end")
    func resume() async throws {
        try await GatewayFixture.with { fixture in
            let broker = InMemoryJobBroker()
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": ["a"]])
            let first = try await broker.submit(JobSubmission(message: message)).id
            try await Self.work(broker, fails: true)
            try await Self.follower(fixture, broker).step()
            let second = try await broker.submit(JobSubmission(message: message)).id
            try await Self.work(broker)
            _ = try await broker.retry(first)
            try await Self.work(broker)
            // Another process.
            try await Self.follower(fixture, broker).step()
            let manifest = try #require(try await fixture.archive.manifest(first.rawValue))
            #expect(manifest.job?.state == .succeeded)
            #expect(manifest.events.filter { $0.state == .running }.count == 2)
            #expect(try await fixture.archive.list(after: nil, limit: 10) == [second.rawValue, first.rawValue])
            #expect(try await Self.follower(fixture, broker).step() == 0)
            // Without a cursor all that ended is taken from the queue itself.
            try await fixture.archive.remove(second.rawValue)
            #expect(!fixture.archive.holds(second.rawValue))
            try await Self.follower(fixture, broker).catchUp()
            #expect(fixture.archive.holds(second.rawValue))
        }
    }

    @Test("Pages lead from the queue into the archive and through it")
    func pages() async throws {
        try await GatewayFixture.with { fixture in
            let old = InMemoryJobBroker()
            let message = JobMessage(kind: .tokenizeText, payload: ["texts": ["a"]])
            var ids: Set<String> = []
            for _ in 0..<5 { ids.insert(try await old.submit(JobSubmission(message: message)).id.rawValue) }
            try await Self.work(old)
            while try await Self.follower(fixture, old).step() > 0 {}
            let new = InMemoryJobBroker()
            ids.insert(try await new.submit(JobSubmission(message: message)).id.rawValue)
            fixture.broker = new
            let expected = ids
            try await fixture.router { client in
                var found: Set<String> = []
                var uri = "/v1/jobs?limit=2"
                for _ in 0..<10 {
                    let page = try await client.call(uri: uri, method: .get).json
                    guard case .array(let jobs)? = page["jobs"] else { break }
                    #expect(jobs.count <= 2)
                    found.formUnion(jobs.compactMap { $0["id"]?.stringValue })
                    guard let next = page["next"]?.stringValue else { break }
                    uri = "/v1/jobs?limit=2&after=\(next)"
                }
                #expect(found == expected)
            }
        }
    }
}

extension JSONValue {
    /// The items of an array.
    fileprivate var count: Int? { if case .array(let items) = self { items.count } else { nil } }
}
