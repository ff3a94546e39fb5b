// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("The evaluator refuses bad input in one line and leaves nothing", .timeLimit(.minutes(2)))
struct EvaluatorBadInputTests {
    static let canary = "Quasimodo"

    private func refuse(
        _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try refuse(.evaluateTask, payload, on: desk, saying: expected, sourceLocation: sourceLocation)
    }

    private func refuse(
        _ kind: JobKind, _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let faults = try desk.faults(
            of: "evaluator", refusing: kind, payload, saying: expected, keeping: Self.canary)
        #expect(faults == [], sourceLocation: sourceLocation)
    }

    private func payload(_ more: [String: JSONValue] = [:]) -> JSONValue {
        let fields: [String: JSONValue] = ["output": "made.jsonl"]
        return EvaluatorJobTests.payload(fields.merging(more) { $1 })
    }

    @Test func fieldsAreCheckedFirst() throws {
        let desk = try EvaluatorJobTests.desk()
        try refuse(["model": "base", "task": "pubmedqa"], on: desk, saying: [#""data" is missing"#])
        try refuse(payload(["mod": "generate"]), on: desk, saying: ["mod", "did you mean"])
        try refuse(payload(["mode": "generat"]), on: desk, saying: ["payload.mode"])
        try refuse("evaluate.tasks", payload(), on: desk, saying: [#"did you mean "evaluate.task"?"#])
        try refuse(payload(["task": "pubmed"]), on: desk, saying: ["pubmed", "pubmedqa"])
        try refuse(payload(["task": "hoc"]), on: desk, saying: ["pubmedqa.json, line 1", "pmid"])
        try refuse(payload(["task": "hoc", "mode": "constrained"]), on: desk, saying: ["HoC", "use mode generate"])
        try refuse(payload(["maxTokens": 0]), on: desk, saying: ["maxTokens"])
        try refuse(payload(["prompt": "none such"]), on: desk, saying: ["prompt"])
        try refuse(payload(["shots": 2]), on: desk, saying: ["shotsData"])
        for arguments in [["run"], ["run", "a", "b"], ["--nonsense"]] {
            #expect(try ServiceProcess.run(arguments, name: "evaluator").status == 64)
        }
    }

    @Test func dataIsCheckedBeforeAModelIsAsked() throws {
        let desk = try EvaluatorJobTests.desk()
        try refuse(payload(["data": "none.json"]), on: desk, saying: ["none.json", "does not exist"])
        try desk.write(
            "bad.json",
            #"{"1": {"QUESTION": "\#(Self.canary)?", "CONTEXTS": ["\#(Self.canary)"], "final_decision": 3}}"#)
        try refuse(payload(["data": "bad.json"]), on: desk, saying: ["bad.json", "final_decision"])
        try desk.write("bad.json", #"{"1": {"QUESTION": "\#(Self.canary)?", "CONTEXTS": "#)
        try refuse(payload(["data": "bad.json"]), on: desk, saying: ["bad.json"])
        try desk.write("bad.json", Data([0xFF, 0xFE]))
        try refuse(payload(["data": "bad.json"]), on: desk, saying: ["bad.json"])
        try desk.write("predictions.jsonl", #"{"id": "\#(Self.canary)", "output": "\#(Self.canary)"}"#)
        try refuse(
            .evaluatePredictions,
            [
                "task": "pubmedqa", "data": "pubmedqa.json", "predictions": "predictions.jsonl", "output": "made.jsonl",
            ], on: desk, saying: ["predictions.jsonl", "line 1", "id"])
        try refuse(
            .evaluatePerplexity, ["model": "base", "data": ["general": "base"]], on: desk,
            saying: ["base/dataset.json", "dataset folder"])
        try refuse(
            .reportBuild,
            ["results": [["label": "a"]], "comparisons": [["from": "a", "to": "bb"]], "output": "made"], on: desk,
            saying: ["comparisons[0]", "bb"])
        try refuse(
            .reportBuild, ["results": [["label": "a", "evaluations": [["task": 3]]]], "output": "made"], on: desk,
            saying: ["payload.results[0].evaluations[0]"])
        try refuse(.reportBuild, ["run": "run_none", "output": "made"], on: desk, saying: ["payload.run"])
    }

    @Test func aModelThatCanNotAnswerIsTheJobsError() throws {
        let desk = try EvaluatorJobTests.desk()
        try desk.copy(desk.folder.appending(path: "base"), to: "cut")
        let weights = try Data(contentsOf: desk.folder.appending(path: "base/model.safetensors"))
        try desk.write("cut/model.safetensors", weights.dropLast(1))
        try refuse(
            payload(["model": "cut"]), on: desk, saying: ["infer.generate", "cut/model.safetensors", "bytes"])
        try refuse(payload(["model": "corpus"]), on: desk, saying: ["payload.model", "config.json"])
        try FileManager.default.removeItem(at: desk.folder.appending(path: "base/tokenizer.model"))
        try refuse(payload(), on: desk, saying: ["tokenizer"])
        try refuse(
            payload(["model": ["configuration": TinyLanguage.configuration]]), on: desk,
            saying: ["payload.model", "tokenizer"])
    }

    @Test func heldOutRowsLongerThanTheContextAreRefused() throws {
        let desk = try EvaluatorJobTests.desk()
        guard case .object(var configuration) = TinyLanguage.configuration else { return }
        configuration["max_position_embeddings"] = 32
        try refuse(
            .evaluatePerplexity,
            [
                "model": ["configuration": .object(configuration)],
                "data": ["general": "corpus/held-out-general"],
            ], on: desk, saying: ["48 tokens", "32"])
    }

    @Test func aStoppedEvaluationEndsItsSiblings() throws {
        let desk = try EvaluatorJobTests.desk()
        // Far more items than three seconds answer. The shell that becomes the evaluator leaves the stop behind: a test
        // that waits for its turn on a busy machine could come too late.
        let record = #"{"QUESTION": "Is it so?", "CONTEXTS": ["It may be."], "final_decision": "yes"}"#
        let records = (0..<60_000).map { #""\#($0)": \#(record)"# }
        try desk.write("many.json", "{\(records.joined(separator: ",\n"))}")
        let before = desk.contents()
        let arguments = try [
            "run", desk.job(.evaluateTask, payload(["data": "many.json"])), "--out",
            desk.folder.appending(path: "result.json").path,
        ]
        let process = try ServiceProcess(
            arguments, name: "evaluator", environment: desk.environment, shell: "(sleep 3; kill -TERM $$) & :")
        let outcome = try desk.outcome(process.finish(), .evaluateTask)
        #expect(outcome.status == 143 && outcome.errors == [] && outcome.result?.status == .cancelled)
        #expect(desk.contents() == before)
    }
}
