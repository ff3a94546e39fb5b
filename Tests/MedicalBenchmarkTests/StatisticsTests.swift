// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("Tests between models, calibration and classes, by hand")
struct StatisticsTests {
    @Test("McNemar's exact test")
    func mcNemar() {
        // 2 · (1 + 10 + 45) / 2^10 for 2 against 8.
        #expect(abs(McNemarTest(onlyBeforeRight: 2, onlyAfterRight: 8).p - 112.0 / 1024) < 1e-12)
        #expect(McNemarTest(onlyBeforeRight: 0, onlyAfterRight: 0).p == 1)
        #expect(McNemarTest(onlyBeforeRight: 5, onlyAfterRight: 5).p == 1)
        let large = McNemarTest(onlyBeforeRight: 900, onlyAfterRight: 1200).p
        #expect(large > 0 && large < 1e-9)
    }

    @Test("Calibration: sure and right is no error, sure and wrong is one")
    func calibration() throws {
        let even = try #require(Calibration([([0, 0], true), ([0, 0], false)]))
        #expect(even.expectedError == 0 && even.bins[5].items == 2 && even.bins[5].accuracy == 0.5)
        let wrong = try #require(Calibration([([0, -100], false), ([-100, 0], false)]))
        #expect(wrong.expectedError == 1 && wrong.bins[9].items == 2)
        #expect(Calibration([]) == nil)
    }

    @Test("A log-likelihood a token may choose otherwise than the sum")
    func perToken() async throws {
        // " maybe" is likelier a token, having more of them, and less likely in all.
        let model = ScriptedModel(scores: { $0.continuation == " maybe" ? -3 : -2 })
        let outcome = try await BenchmarkFixtures.evaluation(settings: EvaluationSettings(mode: .loglikelihood))
            .run(on: model, modelIdentity: "m")
        #expect(outcome.rows.allSatisfy { $0.parsed == "yes" && $0.tokenCounts?["maybe"] == 3 })
        #expect(outcome.result.outcomes.answersPerToken == "222222")
        #expect(outcome.result.metrics["accuracyPerToken"]?.value != outcome.result.metrics["accuracy"]?.value)
        #expect(outcome.result.calibration?.bins.reduce(0) { $0 + $1.items } == 6)
    }

    @Test("Classes and confusions add up to the items")
    func classes() throws {
        let outcomes = ItemOutcomes(
            labels: ["yes", "no"], ids: ["1", "2", "3", "4"], gold: ["yes", "yes", "no", "no"],
            answers: ["yes", nil, "yes", "no"])
        #expect(try outcomes.confusion() == [[1, 0, 1], [1, 1, 0]])
        let yes = try #require(try outcomes.labelScores()?.first)
        #expect(yes.precision == 0.5 && yes.recall == 0.5 && yes.support == 2 && yes.given == 2)
    }

    @Test("Results carry the other profile's figures, and the worst items of an open set only with text")
    func alternative() async throws {
        let model = ScriptedModel(writes: { _ in "I do not know; maybe" })
        let result = try await BenchmarkFixtures.evaluation().run(on: model, modelIdentity: "m").result
        #expect(result.alternative.profile == .published)
        #expect(result.alternative.metrics["accuracy"] != result.metrics["accuracy"])
        #expect(result.worst.count <= 10 && result.worst.allSatisfy { $0.score < 1 && $0.output != nil })
    }

    @Test("Restricted data: no third party's model is asked, and no text of it stands in a result")
    func restricted() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "restricted-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "mli_test_v1.jsonl")
        try Data(#"{"gold_label": "neutral", "sentence1": "secretword", "sentence2": "x", "pairID": "1"}"#.utf8)
            .write(to: file)
        let evaluation = try Evaluation(task: MedNLI(), data: file)
        let outside = ScriptedModel(mayReadRestrictedData: false)
        await #expect(throws: BenchmarkError.self) { _ = try await evaluation.run(on: outside, modelIdentity: "m") }
        #expect(outside.seen.prompts.isEmpty && outside.seen.countCalls == 0)
        let own = ScriptedModel(writes: { _ in "secretword" })
        let result = try await evaluation.run(on: own, modelIdentity: "m").result
        #expect(result.restricted && result.worst.map(\.id) == ["1"])
        #expect(!String(decoding: try JSONEncoder().encode(result), as: UTF8.self).contains("secretword"))
    }

    @Test("Summaries get ROUGE, and BERTScore from an encoder")
    func summaries() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString).txt")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(#"{"article_id": "1", "article_text": ["Long text."], "abstract_text": ["<S> short text </S>"]}"#.utf8)
            .write(to: file)
        let evaluation = try Evaluation(task: PubMedSummarization(), data: file)
        let model = ScriptedModel(writes: { _ in " short text" })
        let outcome = try await evaluation.run(on: model, modelIdentity: "m", summaries: SummaryScorer(LetterEncoder()))
        #expect(outcome.result.metrics["rougeL"]?.value == 1 && outcome.result.metrics["rouge2Stemmed"]?.value == 1)
        #expect(abs((outcome.result.metrics["bertScore"]?.value ?? 0) - 1) < 0.01)
        #expect(outcome.result.bertScore?.hash == "letters_L2_no-idf_version=1(mellama)")
        #expect(outcome.rows[0].correct == nil && outcome.rows[0].score == 1)
        #expect(outcome.result.majority == nil && outcome.result.decoding?.maxTokens == 256)
        #expect(throws: BenchmarkError.self) {
            _ = try Evaluation(
                task: PubMedSummarization(), data: file, settings: EvaluationSettings(mode: .constrained))
        }
    }
}
