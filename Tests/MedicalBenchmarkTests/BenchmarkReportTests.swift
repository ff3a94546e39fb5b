// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("A report says what was measured, beside the paper, and what each stage did")
struct BenchmarkReportTests {
    /// A result of these answers; every right answer is yes.
    static func result(
        answers: [String?], task: String = "pubmedqa", data: String = "d", shots: Int = 0
    ) throws -> EvaluationResult {
        let entry = try BenchmarkCatalog.task(task)
        let labels = ["yes", "no", "maybe"]
        let items = answers.indices.map {
            BenchmarkItem(id: "\($0)", question: "Q\($0)?", labels: labels, gold: "yes")
        }
        let dataset = BenchmarkDataset(split: "test", sha256: data, items: items, labels: labels)
        var rows = zip(items, answers).map { item, answer in
            EvaluationRow(
                id: item.id, key: "", promptSHA256: "", output: answer ?? "", parsed: nil, gold: "yes", correct: nil,
                score: 0, truncated: false, shots: shots, contextCut: false, unfit: false)
        }
        let settings = EvaluationSettings(mode: .loglikelihood, resamples: 200)
        var result = try Scoring(task: entry, dataset: dataset, settings: settings, prompt: nil).result(&rows)
        result.prompt = "table-a2/1"
        result.mode = .loglikelihood
        result.shots = shots
        result.decoding = Decoding(maxTokens: nil, temperature: 0, stop: [], contextLength: 512)
        return result
    }

    private static func perplexity(_ values: [String: Double]) throws -> [String: DomainPerplexity] {
        try values.mapValues {
            try DomainPerplexity(negativeLogLikelihood: log($0) * 1000, tokens: 1000, bytes: 4000)
        }
    }

    static func input() throws -> ReportInput {
        let poor: [String?] = (0..<200).map { $0 % 3 == 0 ? "yes" : "no" }
        let similar: [String?] = (0..<200).map { $0 % 3 == 1 ? "yes" : "no" }
        let good: [String?] = (0..<200).map { $0 % 4 == 0 ? nil : "yes" }
        let curve = [(1, 6.25), (50, 4.5), (100, 3.125)].map { TrainingOutline.Point(step: $0, loss: $1) }
        return ReportInput(
            title: "Demo",
            results: [
                .init(
                    label: "untrained", evaluations: [try result(answers: poor), try result(answers: poor, shots: 5)],
                    perplexity: try perplexity(["biomedical": 2048, "general": 2048])),
                .init(
                    label: "pre-trained",
                    evaluations: [try result(answers: similar), try result(answers: poor, shots: 5)],
                    perplexity: try perplexity(["biomedical": 60.5, "general": 200]),
                    training: TrainingOutline(steps: 100, tokens: 51_200, seconds: 42.5, lossCurve: curve)),
                .init(
                    label: "control", evaluations: [try result(answers: poor)],
                    perplexity: try perplexity(["biomedical": 121, "general": 200.4]),
                    training: TrainingOutline(steps: 100, tokens: 51_200, lossCurve: Array(curve.reversed()))),
                .init(
                    label: "tuned", evaluations: [try result(answers: good), try result(answers: poor, shots: 5)],
                    perplexity: try perplexity(["biomedical": 60.5, "general": 200])),
            ],
            comparisons: [
                .init(from: "untrained", to: "pre-trained", control: "control"),
                .init(from: "pre-trained", to: "tuned"), .init(from: "untrained", to: "untrained"),
            ],
            corpus: CorpusOutline(
                tokens: .init(total: 2000, byDomain: ["biomedical": 1500, "clinical": 100, "general": 400]),
                dropped: [.init(source: "abstracts", reason: "duplicate", documents: 3)]))
    }

    /// The report as it was reviewed. `MELLAMA_RECORD=1` writes it anew, to be reviewed again.
    @Test("Markdown and terminal text are as reviewed", arguments: ["report.md", "report.txt"])
    func snapshot(_ name: String) throws {
        let report = try BenchmarkReport(Self.input(), bootstrap: Bootstrap(resamples: 200, seed: 42))
        let text = name == "report.md" ? report.markdown : report.terminalText
        let file = BenchmarkFixtures.folder.appending(path: name)
        if ProcessInfo.processInfo.environment["MELLAMA_RECORD"] == "1" { try Data(text.utf8).write(to: file) }
        #expect(text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
    }

    @Test("What changed is said with figures, what did not is said so")
    func sentences() throws {
        let stages = try BenchmarkReport(Self.input()).stages
        let pretraining = stages[0].sentences
        #expect(
            pretraining[0] == "Measurable: biomedical perplexity fell; general perplexity fell; no score changed "
                + "measurably.")
        #expect(pretraining.contains { $0.hasPrefix("Training: 100 steps over 51200 tokens, loss 6.250 to 3.125.") })
        #expect(
            pretraining.contains(
                "Perplexity on held-out biomedical text: 2048.0 to 60.50 (-97.0 %); control ended at 121.0, and this "
                    + "stage is -50.0 % against it."))
        #expect(pretraining.contains { $0.contains("general text") && $0.contains("the same as this stage") })
        #expect(pretraining.contains { $0.contains("accuracy") && $0.contains("no measurable change") })
        #expect(pretraining.contains { $0.contains("5-shot") && $0.contains("every answer the same") })
        #expect(stages[1].sentences[0].contains("PubMedQA, zero-shot, loglikelihood: accuracy rose"))
        #expect(stages[2].sentences[0] == "This stage did nothing: every answer and every perplexity is as before.")
    }

    @Test("The paper's figures stand beside the task, cited ones marked")
    func paper() throws {
        #expect(PaperResults.figures.count == 397)
        #expect(PaperResults.figures.contains { $0.cited })
        let table = try #require(BenchmarkReport(Self.input()).scores.first)
        let brief = table.paperRows(isBrief: true)
        #expect(brief.first { $0.model == "Me LLaMA 13B" }?.values["Accuracy"] == 0.266)
        #expect(brief.first { $0.model == "Me LLaMA 70B-chat" }?.values["Macro-F1"] == 0.544)
        #expect(!brief.contains { $0.model.contains("Meditron") })
        #expect(table.paperRows(isBrief: false).contains { $0.model == "Meditron 70B" })
        let names = BenchmarkCatalog.tasks.filter { BenchmarkCatalog.paper.contains($0.id) }.map(\.name)
        #expect(Set(PaperResults.figures.map(\.dataset)) == Set(names))
        let mmlu = PaperResults.figures(dataset: "MMLU")
        #expect(mmlu.first { $0.model == "Me LLaMA 13B" && $0.metric == "Accuracy" }?.value == 0.58)
    }

    @Test("HTML escapes what people wrote and needs nothing else")
    func html() throws {
        var input = try Self.input()
        input.title = "<script>alert('x')</script> & \"more\""
        input.results[3].label = "<img src=x onerror=1>"
        input.comparisons = nil
        let report = try BenchmarkReport(input)
        #expect(!report.html.contains("<script") && !report.html.contains("<img"))
        #expect(report.html.contains("&lt;img src=x onerror=1&gt;"))
        #expect(report.html.contains("<svg") && report.html.contains("<polyline"))
        #expect(!["src=\"", "href=\"", "url(", "@import"].contains { report.html.contains($0) })
        #expect(!report.markdown.contains("<script"))
        input.title = "a\u{1B}[31m"
        #expect(!(try BenchmarkReport(input).terminalText.contains("\u{1B}")))
    }

    @Test("JSON holds all of it, and the input decodes from a job's payload")
    func json() throws {
        let report = try BenchmarkReport(Self.input())
        #expect(try JSONDecoder().decode(BenchmarkReport.self, from: report.json()) == report)
        let input = try JSONDecoder().decode(
            ReportInput.self,
            from: Data(
                """
                {"title": "T", "results": [{"label": "a", "perplexity": {"general":
                {"perplexity": 2.5, "bitsPerByte": 1.0, "tokens": 10}}, "training": {"steps": 3, "tokens": 9,
                "seconds": 1.5, "tokensPerSecond": 6.0, "trainedParameters": 100, "lossCurve": [{"step": 1,
                "loss": 2.0, "learningRate": 0.1, "gradientNorm": 1.0}]}}], "corpus": {"tokens": {"total": 1,
                "byDomain": {"general": 1}, "bySource": {}}}}
                """.utf8))
        #expect(input.results[0].perplexity?["general"]?.tokens == 10)
        #expect(try BenchmarkReport(input).terminalText.contains("2.50 (1.000)"))
    }

    @Test("Labels twice, labels unknown and nothing at all are refused; what can't be paired is said")
    func refused() throws {
        var input = try Self.input()
        input.comparisons = [.init(from: "untrained", to: "nobody")]
        #expect(BenchmarkFixtures.error { _ = try BenchmarkReport(input) }?.subject == "comparisons")
        input.results[1].label = "untrained"
        #expect(BenchmarkFixtures.error { _ = try BenchmarkReport(input) }?.subject == "results")
        #expect(BenchmarkFixtures.error { _ = try BenchmarkReport(ReportInput(results: [])) } != nil)
        let apart = ReportInput(results: [
            .init(label: "a", evaluations: [try Self.result(answers: ["yes"])]),
            .init(label: "b", evaluations: [try Self.result(answers: ["yes", "no"])]),
        ])
        let sentences = try BenchmarkReport(apart).stages[0].sentences
        #expect(sentences[0].hasPrefix("Nothing was measured on both sides"))
        #expect(sentences[1].contains("was not asked the same items"))
    }
}
