// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("A remote model is asked as one's own, without a tokenizer, and what it took is counted")
struct RemoteEvaluationTests {
    private static func answer(_ request: PromptRequest) -> String {
        request.prompt.contains("humming") ? " maybe" : " yes"
    }

    @Test("The same answers give the same result, beside what they took")
    func sameAsOwn() async throws {
        let evaluation = try BenchmarkFixtures.evaluation(settings: EvaluationSettings(shots: 2, batchSize: 4))
        let remote = ScriptedRemoteModel(writes: Self.answer)
        let asked = try await evaluation.run(on: remote, modelIdentity: "m")
        let own = try await evaluation.run(on: ScriptedModel(writes: Self.answer), modelIdentity: "m")
        #expect(asked.result.metrics == own.result.metrics && asked.result.outcomes == own.result.outcomes)
        #expect(asked.rows.map(\.promptSHA256) == own.rows.map(\.promptSHA256))
        #expect(remote.seen.count == 6 && asked.result.decoding?.isEstimated == true)
        // Two calls, whose shares add up again.
        let took = ModelUsage(requests: 6, retries: 2, promptTokens: 100, completionTokens: 8, cost: 1)
        #expect(asked.result.usage == took && own.result.usage == nil)
        let again = try await evaluation.run(on: remote, modelIdentity: "m", resuming: asked.rows)
        #expect(remote.seen.count == 6 && again.result.usage == took)
        let report = try BenchmarkReport(
            ReportInput(results: [ReportInput.Entry(label: "hosted", evaluations: [asked.result])])
        ).markdown
        #expect(report.contains("hosted: 6 requests (2 of them again) to a remote model, 100 tokens of prompts"))
        #expect(report.contains("cost 1.0000") && report.contains("lengths estimated at 3 bytes a token"))
    }

    @Test("Shots and passages are cut by the estimate of three bytes a token")
    func cut() async throws {
        let settings = EvaluationSettings(shots: 2, maxTokens: 10)
        let whole = ScriptedRemoteModel()
        _ = try await BenchmarkFixtures.evaluation(settings: settings).run(on: whole, modelIdentity: "m")
        let longest = try #require(whole.seen.map(\.utf8.count).max())
        let tight = ScriptedRemoteModel(contextLength: longest / 6)
        let outcome = try await BenchmarkFixtures.evaluation(settings: settings).run(on: tight, modelIdentity: "m")
        #expect(outcome.result.truncated > 0)
        #expect(tight.seen.allSatisfy { 1 + ($0.utf8.count + 2) / 3 + 10 <= longest / 6 })
    }

    @Test("Log-likelihoods count an item's share of all its scores")
    func likelihoods() async throws {
        let evaluation = try BenchmarkFixtures.evaluation(settings: EvaluationSettings(mode: .loglikelihood))
        let outcome = try await evaluation.run(on: ScriptedRemoteModel(), modelIdentity: "m")
        #expect(outcome.rows.allSatisfy { $0.parsed == "yes" && abs(($0.usage?.requests ?? 0) - 0.5) < 1e-9 })
        #expect(outcome.result.usage?.requests == 3 && outcome.result.usage?.cost == nil)
    }
}
