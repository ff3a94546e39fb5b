// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Jobs
import Messages
import Synchronization
import Testing

@testable import gateway

@Suite("Events arrive in order, can be resumed, and end with their job")
struct EventTests {
    /// A job that has run to its end, with some progress on its way.
    static func finishedJob(_ fixture: GatewayFixture) async throws -> JobID {
        let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: fixture.message)
        let receipt = try await fixture.broker.submit(JobSubmission(message: message))
        let claimed = try await JobRouteTests.claim(fixture.broker)
        for step in 1...3 {
            let progress = JobProgress(phase: "encoding", step: step, total: 3)
            _ = try await fixture.broker.heartbeat(
                [Heartbeat(job: claimed.id, fence: claimed.fence, progress: progress)], lease: .seconds(60))
        }
        try await fixture.broker.complete(
            claimed.id, fence: claimed.fence, result: JobResult(status: .succeeded, output: ["ids": []]))
        return receipt.id
    }

    /// What a stream has written so far.
    final class Written: Sendable {
        private let text = Mutex("")
        func add(_ more: String) { text.withLock { $0 += more } }
        var all: String { text.withLock { $0 } }
    }

    /// The frames of a stream, comments left out.
    static func frames(_ text: String) -> [[String: String]] {
        text.split(separator: "\n\n").compactMap { block in
            var fields: [String: String] = [:]
            for line in block.split(separator: "\n") where !line.hasPrefix(":") {
                let parts = line.split(separator: ":", maxSplits: 1)
                fields[String(parts[0])] = parts.count > 1 ? String(parts[1].dropFirst()) : ""
            }
            return fields["data"] == nil ? nil : fields
        }
    }

    @Test("The stream of a finished job has all its events and says how it ended")
    func wholeStream() async throws {
        try await GatewayFixture.with { fixture in
            let id = try await Self.finishedJob(fixture)
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs/\(id)/events", method: .get)
                #expect(response.status == .ok)
                #expect(response.headers[.contentType] == "text/event-stream")
                let frames = Self.frames(response.text)
                #expect(frames.map { $0["event"] }.filter { $0 == "progress" }.count == 3)
                #expect(frames.last?["event"] == "end")
                #expect(frames.last?["data"] == "{\"state\":\"succeeded\"}")
                let states = try frames.dropLast().compactMap { frame in
                    try MessageDecoder.parse(Data((frame["data"] ?? "").utf8))["state"]?.stringValue
                }
                #expect(states == ["ready", "running", "succeeded"])
                let ids = frames.dropLast().compactMap { $0["id"] }
                #expect(Set(ids).count == frames.count - 1)
            }
        }
    }

    @Test("A stream goes on after Last-Event-ID, from every event")
    func resumes() async throws {
        try await GatewayFixture.with { fixture in
            let id = try await Self.finishedJob(fixture)
            let name = try #require(HTTPField.Name("Last-Event-ID"))
            try await fixture.router { client in
                let whole = try await client.call(uri: "/v1/jobs/\(id)/events", method: .get)
                let ids = Self.frames(whole.text).compactMap { $0["id"] }
                for (index, cursor) in ids.enumerated() {
                    let rest = try await client.call(
                        uri: "/v1/jobs/\(id)/events", method: .get, headers: [name: cursor])
                    #expect(Self.frames(rest.text).compactMap { $0["id"] } == Array(ids[(index + 1)...]))
                    let asQuery = try await client.call(uri: "/v1/jobs/\(id)/events?after=\(cursor)", method: .get)
                    #expect(asQuery.text == rest.text)
                }
            }
        }
    }

    @Test("As JSON the events come in pages")
    func pages() async throws {
        try await GatewayFixture.with { fixture in
            let id = try await Self.finishedJob(fixture)
            try await fixture.router { client in
                var kinds: [String] = []
                var after = ""
                for _ in 0..<20 {
                    let page = try await client.call(
                        uri: "/v1/jobs/\(id)/events?limit=2\(after)", method: .get,
                        headers: [.accept: "application/json"])
                    #expect(page.headers[.contentType] == "application/json")
                    #expect(try page.json["ended"] == true)
                    guard case .array(let events)? = try page.json["events"], !events.isEmpty else { break }
                    #expect(events.count <= 2)
                    kinds += events.compactMap { $0["kind"]?.stringValue }
                    after = "&after=\(try #require(page.json["next"]?.stringValue))"
                }
                #expect(kinds == ["state", "state", "progress", "progress", "progress", "state"])
            }
        }
    }

    @Test("A cursor that is none is refused", arguments: ["x", "1", "1-", "-1", "1-2-3", "+1-1", "1 -1"])
    func badCursors(_ cursor: String) async throws {
        try await GatewayFixture.with { fixture in
            let id = try await Self.finishedJob(fixture)
            let name = try #require(HTTPField.Name("Last-Event-ID"))
            try await fixture.router { client in
                let response = try await client.call(
                    uri: "/v1/jobs/\(id)/events", method: .get, headers: [name: cursor])
                #expect(response.status == .badRequest)
                #expect(try response.problem.field == "Last-Event-ID")
            }
        }
    }

    @Test("A run's stream ends when the run does")
    func runStream() async throws {
        try await GatewayFixture.with { fixture in
            let recipe = try MessageDecoder(policy: .strict).decode(Recipe.self, from: fixture.recipe)
            let receipt = try await fixture.broker.submit(RunSubmission(recipe: recipe))
            try await fixture.broker.cancel(receipt.id)
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/runs/\(receipt.id)/events", method: .get)
                let frames = Self.frames(response.text)
                #expect(frames.last?["data"] == "{\"state\":\"cancelled\"}")
                #expect(frames.contains { $0["data"]?.contains("\"stage\":\"ids\"") == true })
            }
        }
    }

    private static func stream(
        of job: JobID, _ fixture: GatewayFixture, _ broker: any JobBroker
    ) -> EventStream {
        EventStream(
            source: EventSource(broker: broker, archive: fixture.archive, scope: .job(job), archived: nil),
            limits: fixture.limits, shutdown: fixture.shutdown, logger: fixture.logger)
    }

    @Test("A stream follows a job while it runs, and says that it is alive while nothing happens")
    func follows() async throws {
        try await GatewayFixture.with { fixture in
            let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: fixture.message)
            let receipt = try await fixture.broker.submit(JobSubmission(message: message))
            let broker = fixture.broker
            let stream = Self.stream(of: receipt.id, fixture, broker)
            let text = Written()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await stream.write(after: nil) { buffer in text.add(String(buffer: buffer)) }
                }
                group.addTask {
                    while !text.all.contains(": alive") { try await Task.sleep(for: .milliseconds(5)) }
                    let claimed = try await JobRouteTests.claim(broker)
                    while !text.all.contains("running") { try await Task.sleep(for: .milliseconds(5)) }
                    try await broker.complete(
                        claimed.id, fence: claimed.fence, result: JobResult(status: .succeeded, output: [:]))
                }
                try await group.waitForAll()
            }
            #expect(Self.frames(text.all).last?["event"] == "end")
        }
    }

    @Test("A stream outlives the queue's absence")
    func survivesAbsence() async throws {
        try await GatewayFixture.with { fixture in
            let broker = BrokenBroker(isAway: false)
            fixture.broker = broker
            let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: fixture.message)
            let receipt = try await broker.submit(JobSubmission(message: message))
            let stream = Self.stream(of: receipt.id, fixture, broker)
            let text = Written()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await stream.write(after: nil) { buffer in text.add(String(buffer: buffer)) }
                }
                group.addTask {
                    while !text.all.contains("ready") { try await Task.sleep(for: .milliseconds(5)) }
                    broker.setAway(true)
                    try await Task.sleep(for: .milliseconds(100))
                    broker.setAway(false)
                    _ = try await broker.cancel(receipt.id)
                }
                try await group.waitForAll()
            }
            #expect(text.all.hasSuffix("event: end\ndata: {\"state\":\"cancelled\"}\n\n"))
        }
    }

    @Test("When the process is to stop, a stream ends without saying that the job has")
    func shutsDown() async throws {
        try await GatewayFixture.with { fixture in
            let message = try MessageDecoder(policy: .strict).decode(JobMessage.self, from: fixture.message)
            let receipt = try await fixture.broker.submit(JobSubmission(message: message))
            fixture.shutdown.set()
            try await fixture.router { client in
                let response = try await client.call(uri: "/v1/jobs/\(receipt.id)/events", method: .get)
                #expect(response.status == .ok)
                #expect(!response.text.contains("event: end"))
            }
        }
    }
}
