// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Jobs
import Messages
import Testing

extension RecipeStage {
    /// A stage for tests: `texts` may name an earlier stage's output.
    static func test(
        _ texts: JSONValue = ["x"], after: [String]? = nil, onFailure: OnFailure? = nil
    ) -> RecipeStage {
        RecipeStage(
            kind: text, payload: ["tokenizer": "t.json", "texts": texts], after: after, onFailure: onFailure)
    }
}

extension BrokerHarness {
    /// Submits a run of these stages as `r`.
    func submitRun(_ stages: [String: RecipeStage]) async throws {
        _ = try await broker.submit(RunSubmission(id: "r", recipe: Recipe(name: "test", stages: stages)))
    }

    /// Claims the only ready stage, which must be this one.
    @discardableResult
    func claimStage(_ name: String) async throws -> JobEnvelope {
        let envelope = try await claimOne()
        #expect(envelope.stage == name)
        #expect(envelope.run == "r")
        #expect(envelope.id.rawValue == "r.\(name)")
        return envelope
    }

    func completeStage(_ name: String, _ output: JSONValue = ["ids": [[1]]]) async throws {
        let envelope = try await claimStage(name)
        try await broker.complete(envelope.id, fence: envelope.fence, result: .success(output))
    }

    func failStage(_ name: String) async throws {
        let envelope = try await claimStage(name)
        try await broker.fail(envelope.id, fence: envelope.fence, failure: .permanent, retryAfter: .zero)
    }

    /// The run's state and its stages' states.
    func run() async throws -> (state: RunSnapshot.State, stages: [String: JobState]) {
        let run = try #require(try await broker.run("r"))
        let pairs = run.stages.map { ($0.stage ?? "", $0.state) }
        return (run.state, Dictionary(uniqueKeysWithValues: pairs))
    }
}

extension JobBrokerConformance {
    static let runs: [Case] = [
        Case("stages run when those before them have, and receive their outputs") { h in
            let stages: [String: RecipeStage] = [
                "d": .test("${b.ids}", after: ["c"]), "b": .test("${a.ids}"), "c": .test(after: ["a"]), "a": .test(),
            ]
            try await h.submitRun(stages)
            let start = try await h.run()
            #expect(start.state == .running)
            #expect(start.stages == ["a": .ready, "b": .waiting, "c": .waiting, "d": .waiting])
            try await h.completeStage("a", ["ids": [[7, 8]]])
            let b = try await h.claimStage("b")
            #expect(b.message.payload["texts"] == [[7, 8]])
            let c = try await h.claimStage("c")
            try await h.expectNothingReady()
            try await h.broker.complete(b.id, fence: b.fence, result: .success(["ids": "from b"]))
            try await h.expectNothingReady()
            try await h.broker.complete(c.id, fence: c.fence, result: .success())
            let d = try await h.claimStage("d")
            #expect(d.message.payload["texts"] == "from b")
            try await h.broker.complete(d.id, fence: d.fence, result: .success())
            let run = try #require(try await h.broker.run("r"))
            #expect(run.state == .succeeded)
            #expect(run.finished != nil)
            #expect(run.stages.map(\.stage) == ["a", "b", "c", "d"])
            let events = try await h.broker.events(.run("r"), after: nil, limit: 100, wait: .zero)
            #expect(events.count == 4 + 3 + 8)
            #expect(events.last?.stage == "d")
            #expect(events.last?.state == .succeeded)
        },
        Case("a run submitted again is the same run, another recipe under its id or key a conflict") { h in
            let submission = RunSubmission(
                id: "r", recipe: Recipe(name: "one", stages: ["a": .test()]), idempotencyKey: "key")
            #expect(try await !h.broker.submit(submission).isDuplicate)
            #expect(try await h.broker.submit(submission).isDuplicate)
            var byKey = submission
            byKey.id = nil
            #expect(try await h.broker.submit(byKey) == RunSubmitReceipt(id: "r", isDuplicate: true))
            var other = submission
            other.recipe.name = "two"
            let conflicting = other
            await h.expectError(.conflict) { _ = try await h.broker.submit(conflicting) }
            try await h.completeStage("a")
            try await h.expectNothingReady()
            #expect(try await h.broker.runs(limit: 10).map(\.id) == ["r"])
        },
        Case("a failed stage fails what follows, and the run") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}"), "c": .test(after: ["b"]), "x": .test()])
            try await h.failStage("a")
            let middle = try await h.run()
            #expect(middle.state == .running)
            #expect(middle.stages == ["a": .failed, "b": .upstreamFailed, "c": .upstreamFailed, "x": .ready])
            #expect(try await h.broker.job("r.b")?.error?.type == .upstreamFailed)
            try await h.completeStage("x")
            #expect(try await h.run().state == .failed)
        },
        Case("a stage that continues runs after a failure, unless it needs what is not there") { h in
            try await h.submitRun([
                "a": .test(), "go": .test(after: ["a"], onFailure: .continue),
                "needs": .test("${a.ids}", onFailure: .continue),
            ])
            try await h.failStage("a")
            #expect(try await h.run().stages == ["a": .failed, "go": .ready, "needs": .upstreamFailed])
            try await h.completeStage("go")
            #expect(try await h.run().state == .failed)
        },
        Case("a stage whose failure is ignored does not fail the run") { h in
            try await h.submitRun([
                "a": .test(onFailure: .ignore), "b": .test(after: ["a"], onFailure: .ignore),
                "c": .test(after: ["b"], onFailure: .continue),
            ])
            try await h.failStage("a")
            try await h.failStage("b")
            try await h.completeStage("c")
            #expect(try await h.run().state == .succeeded)
        },
        Case("a stage that names an output its parent did not give fails, and says which") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids.0.x}")])
            try await h.completeStage("a", ["ids": [[1]]])
            try await h.expectNothingReady()
            let error = try #require(try await h.broker.job("r.b")?.error)
            #expect(error.detail.contains("${a.ids.0.x}"))
            #expect(try await h.run().state == .failed)
        },
        Case("a cancelled run ends its stages, the running one at its heartbeat") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}"), "c": .test(after: ["b"]), "x": .test()])
            let a = try await h.claimStage("a")
            try await h.broker.cancel("r" as RunID)
            #expect(try await h.run().stages == ["a": .running, "b": .cancelled, "c": .cancelled, "x": .cancelled])
            #expect(try await h.run().state == .running)
            try await h.broker.confirmCancelled(a.id, fence: a.fence)
            #expect(try await h.run().state == .cancelled)
            try await h.broker.cancel("r" as RunID)
        },
        Case("retrying a failed stage revives what it had failed") { h in
            try await h.submitRun([
                "a": .test(), "b": .test("${a.ids}"), "c": .test(after: ["b"]), "x": .test(),
                "y": .test(after: ["a", "x"]),
            ])
            try await h.failStage("a")
            try await h.failStage("x")
            #expect(try await h.run().state == .failed)
            await h.expectError(.wrongState) { _ = try await h.broker.retry("r.b") }
            #expect(try await h.broker.retry("r.a") == .ready)
            let middle = try await h.run()
            #expect(middle.state == .running)
            #expect(
                middle.stages == ["a": .ready, "b": .waiting, "c": .waiting, "x": .failed, "y": .upstreamFailed])
            try await h.completeStage("a")
            try await h.completeStage("b")
            try await h.completeStage("c")
            #expect(try await h.run().state == .failed)
            #expect(try await h.broker.retry("r.x") == .ready)
            try await h.completeStage("x")
            try await h.completeStage("y")
            #expect(try await h.run().state == .succeeded)
        },
        Case("a cancelled run's stage is retried in its place") { h in
            try await h.submitRun(["a": .test(), "b": .test("${a.ids}")])
            try await h.broker.cancel("r" as RunID)
            #expect(try await h.run().state == .cancelled)
            await h.expectError(.wrongState) { _ = try await h.broker.retry("r.b") }
            #expect(try await h.broker.retry("r.a") == .ready)
            #expect(try await h.broker.retry("r.b") == .waiting)
            try await h.completeStage("a")
            try await h.completeStage("b")
            #expect(try await h.run().state == .succeeded)
        },
    ]
}
