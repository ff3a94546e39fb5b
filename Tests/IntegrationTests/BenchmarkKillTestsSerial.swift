// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import Messages
import OracleSupport
import TestSupport
import Testing

/// The shipped recipe of the whole open benchmark, each set cut short, while every service that it needs is ended once by
/// `kill -9`. Expects the report of an undisturbed run, byte for byte, and no question asked twice that was not in flight.
@Suite(
    "open-benchmark.yaml goes on whatever is killed",
    .enabled(
        if: OutsideData.data?.holds("stories260k/config.json") == true, "MELLAMA_DATA names no folder of public data"))
struct BenchmarkKillTestsSerial {
    /// Two batches of each set: long enough to be hit in its middle, short enough for a test.
    private static let limit = 64

    @Test("Evaluator, inference while it answers, gateway, tokenizer and Redis, once each, at random times")
    func everyService() async throws {
        let data = try #require(OutsideData.data).path
        try await StackFixture.with(dataRoots: [data]) { stack in
            let expected = try await finish(start(stack, data), stack)
            // What was answered is kept across runs: the disturbed one is to ask everything itself.
            try FileManager.default.removeItem(atPath: "\(stack.artifacts)/answers")

            let id = try await start(stack, data)
            var inFlight: Set<JobID> = []
            for service in ["evaluator", "inference", "gateway", "tokenizer", "redis"].shuffled() {
                try await advance(stack, id, by: Int.random(in: 1...3))
                if service == "inference" {
                    inFlight = try await killWhileAnswering(stack)
                } else {
                    try await stack.killAndAwait(service)
                }
            }
            let early = try await rarely({ try await stack.gateway.run(id) }) { _ in true }
            #expect(early.state == .running, "the last service was killed after the run's end")
            let run = try await finish(id, stack)

            for job in run.stages {
                let stage = try #require(job.stage)
                #expect(job.result?.output == expected[stage]?.result?.output, "\(stage) differs")
            }
            let asked = try await questions(of: run, stack)
            let undisturbed = try await questions(of: expected, stack)
            // A child is named by what it asks: none is new, so nothing was asked again under another name.
            #expect(asked.count == undisturbed.count)
            for question in asked where question.kind != .tokenizeText {
                let claims = try await stack.gateway.events("/v1/jobs/\(question.id)").count { $0.state == .running }
                if claims > 1 { #expect(inFlight.contains(question.id), "\(question.id) was asked \(claims) times") }
            }
            #expect(asked.allSatisfy { $0.state == .succeeded && $0.crashes <= 1 && $0.attempts == 0 })
        }
    }

    /// Submits the recipe as a user does.
    private func start(_ stack: StackFixture, _ data: String) async throws -> RunID {
        let shipped = try String(contentsOfFile: "\(StackFixture.recipes)/open-benchmark.yaml", encoding: .utf8)
        let recipe = shipped.replacing(
            "kind: evaluate.task\n    payload: {", with: "kind: evaluate.task\n    payload: {limit: \(Self.limit), ")
        try #require(recipe != shipped)
        let file = "\(stack.folder)/open-benchmark.yaml"
        try recipe.write(toFile: file, atomically: true, encoding: .utf8)
        let command = try await CommandRun.mellama(
            ["run", file, "--gateway", stack.gateway.url], folder: stack.folder, environment: ["MELLAMA_DATA": data])
        try #require(command.exitCode == 0, "\(command.printed)")
        struct Page: Codable { var runs: [RunSnapshot] }
        return try #require(try await stack.gateway.get("/v1/runs").decode(Page.self).runs.first).id
    }

    private func finish(_ id: RunID, _ stack: StackFixture) async throws -> RunSnapshot {
        let run = try await rarely({ try await stack.gateway.run(id) }) { $0.state != .running }
        #expect(run.state == .succeeded)
        try #require(run.stages.allSatisfy { $0.state == .succeeded }, "\(run.stages.compactMap(\.error))")
        return run
    }

    /// Waits until so many more evaluations of the run have begun or ended a batch of questions.
    private func advance(_ stack: StackFixture, _ id: RunID, by count: Int) async throws {
        @Sendable func answered() async throws -> Int {
            try await stack.gateway.run(id).stages.reduce(0) { sum, job in
                sum + (job.state == .succeeded ? Self.limit : job.progress?.step ?? 0) / 32
            }
        }
        let before = try await rarely({ try await answered() }) { _ in true }
        _ = try await rarely({ try await answered() }) { $0 >= before + count }
    }

    /// Asks until the answer satisfies, not so often that what is asked for is slowed down: a run's snapshot holds results.
    private func rarely<Value: Sendable>(
        _ ask: @escaping @Sendable () async throws -> Value, until isEnough: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            // A gateway that is away is asked again.
            if let value = try? await ask(), isEnough(value) { return value }
            guard ContinuousClock.now < deadline else { throw StackError("the run did not go on") }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Ends the only inference worker while it holds questions; returns those that it held.
    private func killWhileAnswering(_ stack: StackFixture) async throws -> Set<JobID> {
        @Sendable func running() async throws -> [JobSnapshot] {
            let generating = try await stack.gateway.jobs("kind=infer.generate&state=running")
            return try await generating + stack.gateway.jobs("kind=infer.score&state=running")
        }
        while true {
            _ = try await stack.gateway.patiently({ try await running() }) { !$0.isEmpty }
            // Stopped, it can neither finish what it holds nor take more, and what it holds can be read.
            try stack.signal("inference", SIGSTOP)
            let held = try await stack.gateway.patiently({ try await running() }) { _ in true }
            if held.isEmpty {
                try stack.signal("inference", SIGCONT)
                continue
            }
            try await stack.killAndAwait("inference")
            return Set(held.map(\.id))
        }
    }

    /// What the evaluations of a run asked of other services.
    private func questions(of run: RunSnapshot, _ stack: StackFixture) async throws -> [JobSnapshot] {
        let parents = Set(run.stages.map(\.id))
        var found: [JobSnapshot] = []
        for kind in ["infer.generate", "infer.score", "tokenize.text"] {
            found += try await stack.gateway.jobs("kind=\(kind)").filter { $0.parent.map(parents.contains) ?? false }
        }
        return found
    }
}
