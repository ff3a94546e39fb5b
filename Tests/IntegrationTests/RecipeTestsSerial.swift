// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import Testing

/// The recipe that is there to be tried first.
@Suite("mellama run smoke.yaml, from the command line to the report")
struct RecipeTestsSerial {
    @Test("Its data lies below a data root, or is uploaded first", arguments: [true, false])
    func smoke(isDataRoot: Bool) async throws {
        try await StackFixture.with(dataRoots: isDataRoot ? [StackFixture.recipes] : []) { stack in
            let command = try await CommandRun.mellama(
                ["run", "\(StackFixture.recipes)/smoke.yaml", "--watch", "--gateway", stack.gateway.url],
                folder: stack.folder)
            #expect(command.exitCode == 0, "\(command.printed)")
            #expect(command.printed.contains("Held-out perplexity by domain"))
            #expect(command.printed.contains("majority class"))
            struct Page: Codable { var runs: [RunSnapshot] }
            let runs = try await stack.gateway.get("/v1/runs").decode(Page.self).runs
            #expect(runs.map(\.state) == [.succeeded])
            if isDataRoot, let run = runs.first {
                try await stack.expectPublishedOnce(run)
                try await supervised(from: run, stack)
            }
        }
    }

    /// The paper's supervised setting on what the run before has made: a train split in its publisher's layout is written
    /// as its evaluation asks it, learnt, and asked for before and after, without and with worked examples of it.
    private func supervised(from run: RunSnapshot, _ stack: StackFixture) async throws {
        let model = try #require(run["base"]?.result?.output?["model"]?.stringValue)
        let tokenizer = try #require(run["vocabulary"]?.result?.output?["tokenizer"]?.stringValue)
        func answers(_ model: String, _ settings: String) -> String {
            "{kind: evaluate.task, payload: {model: \"\(model)\", task: pubmedqa, data: demo/benchmark/pubmedqa.json, "
                + "limit: 12, mode: loglikelihood\(settings)}}"
        }
        let shots = ", shots: 2, shotsData: demo/benchmark/pubmedqa-train.json, shotsRecords: \"60..<90\""
        let recipe = """
            version: 1
            name: supervised
            stages:
              train-split:
                kind: tokenize.instructions
                payload:
                  tokenizer: "\(tokenizer)"
                  sources: [{name: train, format: pubmedqa, path: demo/benchmark/pubmedqa-train.json, records: "0..<60"}]
                  sequenceLength: 512
                  packing: false
              tuned:
                kind: train.supervised
                payload: {model: "\(model)", dataset: "${train-split.dataset}", recipe: {maxSteps: 12, learningRate: 0.003}}
              before: \(answers(model, ""))
              few-shot: \(answers(model, shots))
              after: \(answers("${tuned.model}", ""))
              report:
                kind: report.build
                payload:
                  results:
                    - {label: base, evaluations: ["${before.result}", "${few-shot.result}"]}
                    - {label: fine-tuned, evaluations: ["${after.result}"], training: "${tuned.summary}", supervised: [pubmedqa]}
            """
        let id = try await stack.gateway.submit(recipe: recipe)
        let ended = try await stack.gateway.awaitRun(id)
        try #require(ended.state == .succeeded, "\(ended.stages.compactMap(\.error))")
        #expect(ended["train-split"]?.result?.output?["samples"]?["train"] == 60)
        let report = try #require(ended["report"]?.result?.output?["report"]?.stringValue)
        let page = try await stack.gateway.get("/v1/artifacts/\(report)/files/report.md")
        let markdown = String(decoding: page.body, as: UTF8.self)
        for words in [
            "From base to fine-tuned", "Table 1 (zero-shot)", "Table 2 (supervised fine-tuning)", "base, few-shot",
        ] {
            #expect(markdown.contains(words), "the report does not speak of \(words)")
        }
    }
}
