// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Messages
import Tensors
import TestSupport
import Testing

@Suite("trainer run trains, tunes and merges", .timeLimit(.minutes(2)))
struct TrainerJobTests {
    static func values(_ folder: URL, _ file: String = "model.safetensors") throws -> [String: [Float]] {
        let file = try SafetensorsFile(folder.appending(path: file))
        return try Dictionary(uniqueKeysWithValues: file.entries.map { ($0.name, try file.tensor($0.name).values) })
    }

    @Test func preTrainingFromAConfigurationMakesAModel() throws {
        let language = try TinyLanguage.shared()
        let summary = language.base.summary
        #expect(language.base.model?.text == language["base"].path && language.base.adapter == nil)
        #expect(summary.steps == 6 && summary.lossCurve.map(\.step) == Array(1...6) && summary.resumedFrom == nil)
        let losses = summary.lossCurve.map(\.loss)
        #expect(losses[5] < losses[0] - 0.3, "\(losses)")
        // An untrained model knows nothing: the first loss is that of a fair draw among the vocabulary.
        #expect(abs(losses[0] - log(320)) < 0.5)
        #expect(summary.tokens <= 6 * 4 * 48 && summary.tokens > 5 * 4 * 48 && summary.tokensPerSecond > 0)
        #expect(summary.lossCurve.allSatisfy { ($0.gradientNorm ?? 0) > 0 && ($0.learningRate ?? 0) > 0 })
        let parameters = try Self.values(language["base"]).values.reduce(0) { $0 + $1.count }
        #expect(summary.trainedParameters == parameters)
        // Rows hold the tokenizer of the corpus, so the model is asked in text.
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: language["base"].path).sorted() == [
                "config.json", "model.safetensors", "tokenizer.model",
            ])
    }

    @Test func theSameJobMakesTheSameBytes() throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["corpus"], to: "corpus")
        let again = try desk.output(
            "trainer", .trainPretrain, of: TrainModel.self,
            [
                "model": ["configuration": TinyLanguage.configuration, "seed": 5], "dataset": "corpus/dataset",
                "recipe": ["maxSteps": 6, "learningRate": 0.01, "microBatch": 4, "accumulation": 1, "warmupSteps": 0],
            ])
        // In the store this time; nothing but the artifact is left there.
        let place = try desk.place(of: #require(again.model))
        #expect(place.path.hasPrefix(desk.store.appending(path: "sha256").path))
        for name in ["model.safetensors", "config.json"] {
            #expect(
                try Data(contentsOf: place.appending(path: name))
                    == Data(contentsOf: language["base"].appending(path: name)))
        }
        #expect(desk.contents().filter { $0.hasPrefix("store/") && !$0.hasPrefix("store/sha256/") } == [])
    }

    @Test func tuningMakesAnAdapterAndMergingAModel() throws {
        let language = try TinyLanguage.shared()
        #expect(language.tuned.model == .path("base") && language.tuned.adapter?.text == language["adapter"].path)
        #expect(language.tuned.summary.steps == 4)
        let adapter = try Self.values(language["adapter"], "adapter_model.safetensors")
        // Two matrices for each of seven projections in two blocks, none of them zero any more.
        #expect(adapter.count == 2 * 7 * 2)
        #expect(adapter.values.allSatisfy { $0.contains { $0 != 0 } })
        #expect(language.tuned.summary.trainedParameters == adapter.values.reduce(0) { $0 + $1.count })
        let configuration = try JSONSerialization.jsonObject(
            with: Data(contentsOf: language["adapter/adapter_config.json"]))
        #expect((configuration as? [String: Any])?["r"] as? Int == 4)
        let base = try Self.values(language["base"])
        let merged = try Self.values(language["merged"])
        #expect(language.merged.model.text == language["merged"].path && base.keys == merged.keys)
        for (name, values) in base {
            let isProjection = name.hasSuffix("_proj.weight")
            #expect((merged[name] != values) == isProjection, "\(name)")
        }
        #expect(FileManager.default.fileExists(atPath: language["merged/tokenizer.model"].path))
    }

    @Test func supervisedTrainingTakesRowsOfTokens() throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["base"], to: "models/base")
        try desk.write("rows.jsonl", #"{"input_ids": [1, 300, 17, 5, 2], "labels": [-100, -100, -100, 5, 2]}"# + "\n")
        let output = try desk.output(
            "trainer", .trainSupervised, of: TrainModel.self,
            [
                "model": "models/base", "tokens": "rows.jsonl", "output": "made/here/model",
                "recipe": ["maxSteps": 12, "accumulation": 1, "learningRate": 0.02, "warmupSteps": 0],
            ])
        #expect(output.model?.text == desk.folder.appending(path: "made/here/model").path)
        let losses = output.summary.lossCurve.map(\.loss)
        #expect(losses.count == 12 && losses[11] < losses[0] / 2)
        #expect(try Self.values(desk.folder.appending(path: "made/here/model")) != Self.values(language["base"]))
        // The job's own model is as it was.
        #expect(
            try Data(contentsOf: desk.folder.appending(path: "models/base/model.safetensors"))
                == Data(contentsOf: language["base/model.safetensors"]))
    }

    @Test func wrongUsageExitsWith64() throws {
        for arguments in [["run"], ["run", "a", "b"], ["--nonsense"]] {
            #expect(try ServiceProcess.run(arguments, name: "trainer").status == 64)
        }
    }
}
