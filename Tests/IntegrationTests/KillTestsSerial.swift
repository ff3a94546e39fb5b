// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Messages
import TestSupport
import Testing

/// `kill -9` of every process of the stack, one at a time, in the middle of a run. Expects the run to end as if nothing
/// had happened, and each artifact to be published once.
@Suite("Whatever is killed in mid-run, the run succeeds and publishes once", .serialized)
struct KillTestsSerial {
    /// Runs the workload, disturbs it, and checks what holds whatever was killed.
    private func survive(
        _ disturb: @escaping @Sendable (StackFixture, RunID) async throws -> Void,
        _ check: (StackFixture, RunSnapshot) async throws -> Void
    ) async throws {
        let expected = try await UndisturbedRun.shared.reproducibleOutputs()
        try await StackFixture.with(prepare: Workload.write) { stack in
            let id = try await stack.gateway.submit(recipe: Workload.recipe)
            try await disturb(stack, id)
            let run = try await stack.gateway.awaitRun(id)
            #expect(run.state == .succeeded)
            try #require(run.stages.allSatisfy { $0.state == .succeeded }, "\(run.stages.compactMap(\.error))")
            try await stack.expectPublishedOnce(run)
            let outputs = UndisturbedRun.reproducible(run)
            for (stage, output) in expected {
                #expect(outputs[stage] == output, "stage \(stage) differs from the undisturbed run")
            }
            try await check(stack, run)
        }
    }

    @Test("the tokenizer")
    func tokenizer() async throws {
        try await survive { stack, id in
            _ = try await stack.gateway.awaitRun(id) { $0["vocabulary"]?.state == .running }
            try await stack.killAndAwait("tokenizer")
        } _: { stack, run in
            #expect(run["vocabulary"]?.crashes == 1)
            #expect(run.stages.map(\.crashes).reduce(0, +) == 1)
            let said = try stack.logs()["up"] ?? ""
            #expect(said.contains("was killed by signal 9; starting it again"))
        }
    }

    @Test("the trainer, which goes on from its checkpoint")
    func trainer() async throws {
        try await survive { stack, id in
            _ = try await stack.gateway.awaitRun(id) {
                ($0["base"]?.progress?.step ?? 0) > 2 * Workload.checkpointEvery
            }
            try await stack.killAndAwait("trainer")
        } _: { _, run in
            let base = try #require(run["base"])
            #expect(base.crashes == 1)
            #expect(base.attempts == 0)
            let summary = try MessageDecoder(policy: .lenient).decode(
                TrainingSummary.self, from: try #require(base.result?.output?["summary"]))
            let resumed = try #require(summary.resumedFrom, "trained from the start again")
            #expect(resumed >= 2 * Workload.checkpointEvery)
            #expect(resumed < Workload.steps)
            #expect(summary.steps == Workload.steps)
        }
    }

    @Test("the only inference worker, which another one replaces")
    func inference() async throws {
        try await survive { stack, _ in
            _ = try await stack.gateway.patiently({
                try await stack.gateway.jobs("kind=infer.score&state=running")
            }) { !$0.isEmpty }
            try await stack.killAndAwait("inference")
        } _: { stack, _ in
            let questions = try await stack.gateway.jobs("kind=infer.score")
            // It held several at once; each of them crashed with it, and only once.
            #expect(questions.contains { $0.crashes == 1 } && questions.allSatisfy { $0.crashes <= 1 })
            #expect(questions.allSatisfy { $0.state == .succeeded })
        }
    }

    @Test("the evaluator, which asks nothing twice")
    func evaluator() async throws {
        try await survive { stack, id in
            // In the middle: some of its questions have been answered.
            _ = try await stack.gateway.patiently({
                try await stack.gateway.jobs("kind=infer.score&state=succeeded")
            }) { !$0.isEmpty }
            try await stack.killAndAwait("evaluator")
        } _: { stack, run in
            let crashed = run.stages.filter { $0.crashes > 0 }
            #expect(crashed.map(\.crashes) == [1])
            #expect(crashed.allSatisfy { [.evaluateTask, .evaluatePerplexity].contains($0.kind) })
            for question in try await stack.gateway.jobs("kind=infer.score") {
                let claims = try await stack.gateway.events("/v1/jobs/\(question.id)").count { $0.state == .running }
                #expect(claims == 1, "\(question.id) was computed \(claims) times")
            }
        }
    }

    @Test("the gateway, which nothing that runs notices")
    func gateway() async throws {
        try await survive { stack, id in
            _ = try await stack.gateway.awaitRun(id) { ($0["base"]?.progress?.step ?? 0) > 0 }
            try await stack.killAndAwait("gateway")
        } _: { _, run in
            #expect(run.stages.allSatisfy { $0.crashes == 0 && $0.attempts == 0 })
        }
    }

    @Test("Redis, which all others wait for")
    func redis() async throws {
        try await survive { stack, id in
            _ = try await stack.gateway.awaitRun(id) { ($0["base"]?.progress?.step ?? 0) > 0 }
            try await stack.killAndAwait("redis")
        } _: { stack, run in
            // Whoever held a job held on to it: the server's restart is no crash of a worker.
            #expect(run.stages.allSatisfy { $0.crashes <= 1 })
            let note = try stack.note
            #expect(note.children.count == 6)
        }
    }
}
