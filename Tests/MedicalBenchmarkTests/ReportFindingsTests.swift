// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import MedicalBenchmark

@Suite("A report shows what lies behind a score, and says no more than its interval allows")
struct ReportFindingsTests {
    /// A model that knows every answer and writes it in a form the parser does not read half of the time.
    private static func results() async throws -> [EvaluationResult] {
        let items = (0..<120).map { index in
            let gold = PubMedQA.labels[index % 3]
            return
                #""\#(index)": {"QUESTION": "Is \#(index) \#(gold)?", "CONTEXTS": ["x"], "final_decision": "\#(gold)"}"#
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "test-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data("{\(items.joined(separator: ","))}".utf8).write(to: file)
        let model = ScriptedModel(writes: { request in
            let words = request.prompt.split(separator: " ")
            let number = words.compactMap { Int($0) }.first ?? 0
            let gold = PubMedQA.labels[number % 3]
            return request.choices != nil || number % 2 == 0 ? " \(gold)" : " \(gold.uppercased())ISH"
        })
        var results: [EvaluationResult] = []
        for mode in [AnswerMode.generate, .constrained, .loglikelihood] {
            let evaluation = try Evaluation(
                task: PubMedQA(), data: file, settings: EvaluationSettings(mode: mode, resamples: 100))
            results.append(try await evaluation.run(on: model, modelIdentity: "m").result)
        }
        return results
    }

    @Test("What constraining changes is paired, tested and worded")
    func format() async throws {
        let results = try await Self.results()
        let report = try BenchmarkReport(ReportInput(results: [.init(label: "ours", evaluations: results)]))
        let effect = try #require(report.format.first)
        #expect(report.format.count == 1 && effect.parseRate == 0.5)
        #expect(effect.change.before == 0.5 && effect.change.after == 1)
        #expect(effect.change.mcNemar?.onlyAfterRight == 60 && effect.verdict == "the form costs it points")
        let same = try BenchmarkReport(
            ReportInput(results: [.init(label: "ours", evaluations: [results[1]])]))
        #expect(same.format.isEmpty)
        #expect(report.terminalText.contains("What the form of answers costs"))
    }

    @Test("Our column stands in the paper's table, scored by its profile")
    func paperTables() async throws {
        let results = try await Self.results()
        let report = try BenchmarkReport(ReportInput(results: [.init(label: "ours", evaluations: results)]))
        let tables = PaperTable.tables(of: report)
        #expect(tables.map(\.number) == [1, 3])
        // All of the paper's rows stand in it.
        #expect(tables.map(\.rows.count) == [18, 18])
        #expect(tables[0].rows.filter { $0.dataset != "PubMedQA" }.allSatisfy { $0.ours == ["not run"] })
        let row = try #require(tables[0].rows.first { $0.metric == "Accuracy" })
        #expect(row.dataset == "PubMedQA" && tables[0].models.count == 8 && row.theirs[0] == "0.546")
        // Freely written, and by the authors' parser, which finds "yes" in "yesish" and no "no" before it.
        let free = try #require(results[0].alternative.metrics["accuracy"])
        #expect(row.ours == [Figures.estimate(free)])
    }

    @Test("Fine-tuned on a train split, a result stands beside Table 2; with worked examples, in a column of its own")
    func settings() async throws {
        let zeroShot = try await Self.results()[0]
        var fewShot = zeroShot
        fewShot.shots = 5
        let report = try BenchmarkReport(
            ReportInput(results: [
                .init(label: "base", evaluations: [zeroShot, fewShot]),
                .init(label: "fine-tuned", evaluations: [zeroShot], supervised: ["pubmedqa"]),
            ]))
        let tables = PaperTable.tables(of: report)
        #expect(tables.map(\.number) == [1, 2, 3])
        #expect(tables.map(\.labels) == [["base", "base, few-shot"], ["fine-tuned"], ["base", "base, few-shot"]])
        let cells = try tables.map { try #require($0.rows.first { $0.metric == "Accuracy" }).ours }
        #expect(cells[1] == [cells[0][0]] && cells[0][1] == "\(cells[0][0]) (5-shot)")
        #expect(tables[1].setting == "supervised fine-tuning" && tables[1].models.count == 6)
        let unknown = BenchmarkFixtures.error {
            _ = try BenchmarkReport(ReportInput(results: [.init(label: "a", supervised: ["pubmed"])]))
        }
        #expect(unknown?.code == .unknownTask)
    }

    @Test("Where the prompt fits no context there is no score, and it is said so wherever one would stand")
    func unfit() async throws {
        var result = try await Self.results()[0]
        result.unfit = 30
        result.truncated = 100
        result.shots = 5
        result.shotsKept = 1.25
        func report() throws -> BenchmarkReport {
            try BenchmarkReport(ReportInput(results: [.init(label: "ours", evaluations: [result])]))
        }
        let partly = try report()
        #expect(
            partly.scores[0].caveat(partly.scores[0].rows[0])
                == "ours: prompt does not fit the context of 10000 tokens: 30 items, not asked, counted as wrong; of the 90 "
                + "that were asked 0.667 are right; prompt cut to fit: 100 items; of 5 worked examples 1.3 fit on average."
        )
        result.unfit = result.items
        let wholly = try report()
        for text in [wholly.terminalText, wholly.markdown, wholly.html] {
            #expect(text.contains("prompt does not fit the context of 10000 tokens: 120 items, which are all"))
        }
        #expect(PaperTable.tables(of: wholly)[0].rows[0].ours == ["prompt does not fit"])
        #expect(try #require(ScoreChart(wholly)).svg.contains("prompt does not fit"))
        let unread = try BenchmarkReportTests.result(answers: [nil, nil])
        let silent = try BenchmarkReport(ReportInput(results: [.init(label: "a", evaluations: [unread])]))
        #expect(silent.terminalText.contains("none of 2 answers could be read"))
    }

    @Test("The page has bars, reliability, classes, confusions and worst items; the table of values is whole")
    func forms() async throws {
        let results = try await Self.results()
        let report = try BenchmarkReport(
            ReportInput(results: [.init(label: "=ours", evaluations: results)], contamination: ["pubmedqa": 0.025]))
        for text in ["95 % intervals", "Accuracy by confidence", "Confusion: rows", "The worst items", "0.0250"] {
            #expect(report.html.contains(text), "\(text)")
        }
        #expect(report.html.contains("Not run: data not supplied") && report.html.contains("EmrQA (restricted)"))
        #expect(report.notRun.count == 12)
        let lines = report.csv.split(separator: "\r\n")
        #expect(lines[0].hasPrefix("source,model,task,"))
        // Four metrics, and two a token in one mode, of three results and two profiles.
        #expect(lines.count { $0.hasPrefix("result,'=ours,pubmedqa,test,0-shot,") } == 2 * (4 + 4 + 6))
        #expect(lines.contains { $0.hasPrefix("paper,Me LLaMA 70B-chat,pubmedqa,,zero-shot,") })
        let decoded = try JSONSerialization.jsonObject(with: report.json()) as? [String: Any]
        #expect(decoded?["contamination"] != nil && decoded?["notRun"] != nil)
    }

    @Test("Three tasks make a radar, stages make arrows, and each drawing is labelled")
    func charts() throws {
        let tasks = try ["pubmedqa", "bionli", "ddi2013"].map { task in
            try BenchmarkReportTests.result(answers: Array(repeating: "yes", count: 40), task: task)
        }
        let report = try BenchmarkReport(
            ReportInput(results: [.init(label: "a", evaluations: tasks), .init(label: "b", evaluations: tasks)]))
        let radar = try #require(RadarChart.charts(report).first).svg
        #expect(radar.contains("<polygon") && radar.contains(">BioNLI<") && radar.contains("zero-shot, loglikelihood"))
        let change = try #require(report.stages.first.flatMap { ChangeChart($0.effect) }).svg
        #expect(change.contains("aria-label=\"From a to b: scores before and after\"") && change.contains(SVG.grey))
        #expect(!change.contains(SVG.better) && !change.contains(SVG.worse))
    }
}
