// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import OracleSupport
import TestSupport
import Testing

@Suite("evaluator run asks its siblings and reports", .timeLimit(.minutes(2)))
struct EvaluatorJobTests {
    struct Row: Decodable {
        var id: String
        var output: String
        var parsed: String?
        var gold: String
        var correct: Bool
        var scores: [String: Double]?
    }

    static let labels = ["yes", "no", "maybe"]

    /// A desk with the tiny language's models and a small PubMedQA.
    static func desk() throws -> ServiceDesk {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        for name in ["base", "adapter", "merged", "corpus"] { try desk.copy(language[name], to: name) }
        try desk.copy(OutsideData.fixtures.appending(path: "benchmark/pubmedqa/test_set.json"), to: "pubmedqa.json")
        return desk
    }

    static func payload(_ more: [String: JSONValue] = [:]) -> JSONValue {
        let fields: [String: JSONValue] = ["model": "base", "task": "pubmedqa", "data": "pubmedqa.json"]
        return .object(fields.merging(more) { $1 })
    }

    @Test("A task in each mode gives a row an item", arguments: ["generate", "loglikelihood", "constrained"])
    func task(mode: String) throws {
        let desk = try Self.desk()
        let output = try desk.output(
            "evaluator", .evaluateTask, of: EvaluateTask.self,
            Self.payload(["mode": .string(mode), "output": "rows/of.jsonl"]))
        #expect(output.items == 6 && output.unfit == 0)
        #expect(output.rows.text == desk.folder.appending(path: "rows/of.jsonl").path)
        #expect(output.subject == "base")
        let rows = try desk.folder.appending(path: "rows/of.jsonl").jsonLines(as: Row.self)
        #expect(rows.count == 6 && Set(rows.map(\.id)).count == 6)
        let parsed = rows.count { $0.parsed != nil }
        #expect(abs(output.parseRate - Double(parsed) / 6) < 1e-9)
        let accuracy = try #require(output.metrics["accuracy"])
        #expect(abs(accuracy.value - Double(rows.count(where: \.correct)) / 6) < 1e-9)
        #expect(accuracy.low <= accuracy.value && accuracy.value <= accuracy.high)
        #expect(output.metrics["macroF1"] != nil)
        for row in rows {
            #expect(row.correct == (row.parsed == row.gold) && Self.labels.contains(row.gold))
            guard mode != "generate" else { continue }
            #expect(Self.labels.contains(row.parsed ?? ""))
            if mode == "loglikelihood" {
                #expect(row.scores?.max { $0.value < $1.value }?.key == row.parsed)
            }
        }
    }

    @Test func anAdapterIsEvaluatedAsTheMergedModel() throws {
        let desk = try Self.desk()
        var scores: [[[String: Double]]] = []
        for more: [String: JSONValue] in [["adapter": "adapter"], ["model": "merged"]] {
            let fields: [String: JSONValue] = ["mode": "loglikelihood", "limit": 3, "output": "rows.jsonl"]
            _ = try desk.output(
                "evaluator", .evaluateTask, of: EvaluateTask.self, Self.payload(fields.merging(more) { $1 }))
            let rows = try desk.folder.appending(path: "rows.jsonl").jsonLines(as: Row.self)
            #expect(rows.count == 3)
            scores.append(rows.compactMap(\.scores))
        }
        for (one, other) in zip(scores[0], scores[1]) {
            for label in Self.labels { #expect(abs((one[label] ?? 0) - (other[label] ?? 1)) <= 1e-3) }
        }
    }

    @Test func perplexityFallsWithTraining() throws {
        let desk = try Self.desk()
        let data: JSONValue = [
            "biomedical": "corpus/held-out-biomedical", "general": "corpus/held-out-general",
        ]
        let trained = try desk.output(
            "evaluator", .evaluatePerplexity, of: EvaluatePerplexity.self, ["model": "base", "data": data])
        let fresh = try desk.output(
            "evaluator", .evaluatePerplexity, of: EvaluatePerplexity.self,
            ["model": ["configuration": TinyLanguage.configuration, "seed": 5], "data": data])
        #expect(Set(trained.perplexity.keys) == ["biomedical", "general"])
        for (domain, value) in trained.perplexity {
            let before = try #require(fresh.perplexity[domain])
            #expect(before.tokens == value.tokens && value.tokens > 20)
            // Untrained, about as many choices as there are tokens.
            #expect(before.perplexity > 200 && before.perplexity < 500)
            #expect(value.perplexity < before.perplexity * 0.9 && value.perplexity > 1)
            #expect(value.bitsPerByte > 0 && value.bitsPerByte < before.bitsPerByte)
        }
    }

    @Test func savedPredictionsAreScoredWithoutAModel() throws {
        let desk = try Self.desk()
        let gold = ["90000003": "yes", "90000001": "no", "90000007": "maybe"]
        try desk.write(
            "predictions.jsonl",
            gold.map { #"{"id": "\#($0)", "output": "\#($1)"}"# + "\n" }.sorted().joined())
        let output = try desk.output(
            "evaluator", .evaluatePredictions, of: EvaluatePredictions.self,
            ["task": "pubmedqa", "data": "pubmedqa.json", "predictions": "predictions.jsonl"])
        #expect(output.items == 6 && output.metrics["accuracy"]?.value == 0.5 && output.parseRate == 0.5)
        #expect(output.result["missing"] == 3)
        guard case .artifact = output.rows else {
            Issue.record("the rows are no artifact: \(output.rows)")
            return
        }
        let rows = try desk.place(of: output.rows).jsonLines(as: Row.self)
        #expect(rows.count(where: \.correct) == 3)
        #expect(desk.contents().filter { $0.hasPrefix("store/") && !$0.hasPrefix("store/sha256/") } == [])
    }

    @Test func savedPredictionsOfSomeRecords() throws {
        let desk = try Self.desk()
        try desk.write("predictions.jsonl", #"{"id": "90000003", "output": "yes"}"# + "\n")
        let output = try desk.output(
            "evaluator", .evaluatePredictions, of: EvaluatePredictions.self,
            [
                "task": "pubmedqa", "data": "pubmedqa.json", "predictions": "predictions.jsonl", "records": "1..<4",
                "limit": 2, "profile": "published",
            ])
        #expect(output.items == 2 && output.result["alternative"]?["profile"] == "strict")
    }

    @Test("What was asked once is not asked again, whatever the profile", arguments: ["generate", "loglikelihood"])
    func answersAreKept(mode: String) throws {
        let desk = try Self.desk()
        func evaluate(_ more: [String: JSONValue]) throws -> (asked: Double?, output: EvaluateTask.Output) {
            let fields: [String: JSONValue] = ["mode": .string(mode)]
            let run = try desk.run("evaluator", .evaluateTask, Self.payload(fields.merging(more) { $1 }))
            let output = try #require(run.result?.output)
            return (
                run.result?.metrics["itemsAsked"],
                try MessageDecoder(policy: .lenient).decode(EvaluateTask.Output.self, from: output)
            )
        }
        let first = try evaluate(["limit": 4])
        #expect(first.asked == 4 && first.output.items == 4)
        let second = try evaluate([:])
        #expect(second.asked == 2 && second.output.items == 6)
        let third = try evaluate(["profile": "published"])
        #expect(
            third.asked == 0 && third.output.result["outcomes"]?["gold"] == second.output.result["outcomes"]?["gold"])
        // Another model in the same place is another model.
        let weights = desk.folder.appending(path: "base/model.safetensors")
        try Data(contentsOf: weights).write(to: weights)
        #expect(try evaluate([:]).asked == 6)
    }

    @Test func aSetThatIsNotThereIsNotRun() throws {
        let desk = try Self.desk()
        let run = try desk.run("evaluator", .evaluateTask, Self.payload(["task": "mednli", "data": "mednli"]))
        let error = try #require(run.result?.error)
        #expect(error.title == "MedNLI not run: data not supplied" && error.detail.contains("physionet.org"))
    }

    @Test func nothingIsForgottenBetweenAModelAndItself() throws {
        let desk = try Self.desk()
        let task: JSONValue = ["task": "pubmedqa", "data": "pubmedqa.json", "mode": "loglikelihood"]
        let same = try desk.output(
            "evaluator", .evaluateForgetting, of: EvaluateForgetting.self,
            ["before": ["model": "base"], "after": ["model": "base"], "tasks": [task]])
        #expect(Set(same.differences.map(\.metric)).isSuperset(of: ["accuracy", "macroF1"]))
        for difference in same.differences {
            #expect(difference.difference == MetricValue(value: 0, low: 0, high: 0) && difference.items == 6)
            #expect(difference.before == difference.after && difference.task == "pubmedqa")
            #expect(difference.measurable == false && (difference.metric == "accuracy") == (difference.mcNemar == 1))
        }
        let tuned = try desk.output(
            "evaluator", .evaluateForgetting, of: EvaluateForgetting.self,
            ["before": ["model": "base"], "after": ["model": "base", "adapter": "adapter"], "tasks": [task]])
        for difference in tuned.differences {
            #expect(abs(difference.after - difference.before - difference.difference.value) < 1e-9)
        }
    }

    @Test func aReportStandsBesideItsResults() throws {
        let language = try TinyLanguage.shared()
        let desk = try Self.desk()
        let evaluated = try desk.run(
            "evaluator", .evaluateTask, Self.payload(["mode": "constrained", "output": "rows.jsonl"]))
        let perplexity = try desk.run(
            "evaluator", .evaluatePerplexity,
            ["model": "base", "data": ["general": "corpus/held-out-general"]])
        let entry: JSONValue = [
            "label": "the tiny one", "evaluations": [evaluated.result?.output?["result"] ?? .null],
            "perplexity": perplexity.result?.output?["perplexity"] ?? .null,
            "training": try MessageEncoder.value(language.base.summary),
        ]
        let output = try desk.output(
            "evaluator", .reportBuild, of: BuildReport.self,
            ["title": "Tiny", "results": [entry], "output": "report"])
        let names = try FileManager.default.contentsOfDirectory(
            atPath: desk.folder.appending(path: "report").path)
        #expect(names.sorted() == ["report.csv", "report.html", "report.json", "report.md"])
        #expect(output.text.contains("the tiny one") && output.text.contains("PubMedQA"))
        for name in ["report.html", "report.md", "report.json", "report.csv"] {
            let text = try String(contentsOf: desk.folder.appending(path: "report/\(name)"), encoding: .utf8)
            // A table of values names tasks by their ids.
            let task = name == "report.csv" ? "pubmedqa" : "PubMedQA"
            #expect(text.contains("the tiny one") && text.contains(task), "\(name)")
        }
    }
}
