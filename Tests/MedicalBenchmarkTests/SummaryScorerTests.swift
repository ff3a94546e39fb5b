// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("Summaries get their BERTScore from an encoder that is asked once")
struct SummaryScorerTests {
    private static let pairs = [("fever and cough", "cough"), ("no pain", "some pain"), ("", "rest"), ("ab", "ab")]

    private static func rows() -> [EvaluationRow] {
        pairs.enumerated().map { index, pair in
            EvaluationRow(
                id: "\(index)", key: "k", promptSHA256: "", output: pair.0, parsed: nil, gold: pair.1, correct: nil,
                score: 0, truncated: false, shots: 0, contextCut: false, unfit: false)
        }
    }

    private func score(_ rows: inout [EvaluationRow], _ scorer: SummaryScorer, batchSize: Int = 2) async throws {
        try await scorer.score(
            &rows, references: Self.pairs.map(\.1), batchSize: batchSize, concurrent: 2)
    }

    @Test("Each score is the metric's own on the encoder's vectors, whatever the batches", arguments: [false, true])
    func equalsTheMetric(idf: Bool) async throws {
        let encoder = LetterEncoder()
        let references = Self.pairs.map { encoder.vectors(of: $0.1) }
        let metric = idf ? BERTScore(inverseDocumentFrequenciesOf: references.map(\.ids)) : BERTScore()
        for size in [1, 3, 10] {
            var rows = Self.rows()
            try await score(&rows, SummaryScorer(encoder, idf: idf), batchSize: size)
            for (index, pair) in Self.pairs.enumerated() {
                let expected =
                    pair.0.isEmpty ? .zero : metric.score(encoder.vectors(of: pair.0), reference: references[index])
                #expect(rows[index].similarity?.score == expected)
            }
        }
    }

    @Test("What a row has is not asked again; another encoder, layer, weight or output is")
    func asksOnce() async throws {
        var rows = Self.rows()
        let first = LetterEncoder()
        try await score(&rows, SummaryScorer(first))
        #expect(first.seen.count == 6 && !first.seen.contains("") && !first.seen.contains("rest"))
        let again = LetterEncoder()
        try await score(&rows, SummaryScorer(again))
        #expect(again.seen.isEmpty)
        rows[1].output = "other"
        try await score(&rows, SummaryScorer(again))
        #expect(again.seen == ["other", "some pain"])
        for other in [LetterEncoder(identity: "b"), LetterEncoder(layer: 3)] {
            var copy = rows
            try await score(&copy, SummaryScorer(other))
            #expect(other.seen.count == 6)
        }
        // A weight depends on all references: where one score is missing, all are asked for.
        let weighted = LetterEncoder()
        try await score(&rows, SummaryScorer(weighted, idf: true))
        #expect(weighted.seen.count == 7)
        let kept = LetterEncoder()
        try await score(&rows, SummaryScorer(kept, idf: true))
        #expect(kept.seen.isEmpty)
    }

    @Test("Saved outputs get it too; a missing one scores 0; scores of two encoders are never paired")
    func savedOutputs() async throws {
        let articles = [("1", "short text"), ("2", "long text")].map { id, text in
            "{\"article_id\": \"\(id)\", \"article_text\": [\"Long.\"], \"abstract_text\": [\"<S> \(text) </S>\"]}\n"
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "summaries-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (data, saved) = (folder.appending(path: "test.txt"), folder.appending(path: "saved.jsonl"))
        try Data(articles.joined().utf8).write(to: data)
        try Data("{\"id\": \"1\", \"output\": \"short text\"}\n".utf8).write(to: saved)
        let scorer = try PredictionScorer(task: PubMedSummarization(), data: data)
        func result(_ encoder: LetterEncoder?) async throws -> EvaluationResult {
            try await scorer.score(saved, summaries: encoder.map { SummaryScorer($0) }).result
        }
        let (one, other) = (try await result(LetterEncoder()), try await result(LetterEncoder(layer: 3)))
        #expect(abs((one.metrics["bertScore"]?.value ?? 0) - 0.5) < 1e-6)
        #expect(one.outcomes.values?["bertScore"]?[1] == 0)
        let paired = try PairedDifference.between(one, one).map(\.metric)
        #expect(Set(paired).isSuperset(of: ["bertScore", "rougeL"]))
        let apart = try PairedDifference.between(one, other).map(\.metric)
        #expect(apart.contains("rougeL") && !apart.contains { $0.hasPrefix("bertScore") })
        let without = try await result(nil)
        #expect(without.bertScore == nil && without.metrics["bertScore"] == nil)

        let entries = [("a", one), ("b", other), ("c", without)].map { label, result in
            ReportInput.Entry(label: label, evaluations: [result])
        }
        let text = try BenchmarkReport(ReportInput(results: entries)).markdown
        #expect(text.contains(#"a: BERTScore by letters\_L2\_no-idf\_version=1(mellama)."#))
        #expect(text.contains("c: BERTScore: not run: no encoder named; name a BERT encoder and its layer"))
        #expect(text.contains("BERTScores of two encoders can't be compared."))
        #expect(text.contains("| c | ") && text.contains("| not run |"))
    }
}
