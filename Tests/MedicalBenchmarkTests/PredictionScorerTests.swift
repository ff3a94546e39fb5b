// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import MedicalBenchmark

@Suite("Saved outputs are scored as if a model had just written them")
struct PredictionScorerTests {
    private func score(_ lines: String, profile: ScoringProfile = .strict) throws -> EvaluationOutcome {
        try BenchmarkFixtures.withFile(lines.utf8) { file in
            try PredictionScorer(task: PubMedQA(), data: BenchmarkFixtures.pubMedQA, profile: profile).score(file)
        }
    }

    @Test("Ids as text or number, in any order; what is missing is wrong and counted")
    func scored() throws {
        let lines = """
            {"id": 90000001, "output": "no"}
            {"id": "90000003", "output": "Yes."}
            {"id": "90000007", "output": "I do not know; maybe"}

            """
        let strict = try score(lines).result
        #expect(strict.metrics["accuracy"]?.value == 0.5)
        #expect(strict.missing == 3 && strict.items == 6 && strict.parseRate == 0.5)
        #expect(strict.mode == nil && strict.prompt == nil)
        #expect(try score(lines, profile: .published).result.metrics["accuracy"]?.value == 2.0 / 6)
    }

    @Test("They equal the model's own evaluation")
    func sameAsModel() async throws {
        let model = ScriptedModel(writes: { $0.prompt.contains("humming") ? "maybe" : "yes" })
        let asked = try await BenchmarkFixtures.evaluation().run(on: model, modelIdentity: "m")
        let saved = try score(asked.rows.map { "{\"id\": \"\($0.id)\", \"output\": \"\($0.output)\"}\n" }.joined())
        #expect(saved.result.metrics == asked.result.metrics)
        #expect(saved.result.outcomes == asked.result.outcomes)
    }

    @Test(
        "An unknown id, a second line and a missing field are errors with their line",
        arguments: [
            ("{\"id\": \"1\", \"output\": \"secretword\"}", "line 1"),
            ("{\"id\": \"90000001\", \"output\": \"\"}\n{\"id\": \"90000001\", \"output\": \"secretword\"}", "line 2"),
            ("{\"id\": \"90000001\"}", "\"output\""), ("{\"id\": \"90000001\", \"output\": 3}", "\"output\""),
        ])
    func refused(_ lines: String, _ place: String) throws {
        let error = try #require(BenchmarkFixtures.error { _ = try score(lines) })
        #expect(error.subject.contains(place))
        #expect(!error.description.contains("secretword"))
    }
}
