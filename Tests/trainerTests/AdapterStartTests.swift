// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("trainer run trains adapters over quantised bases, and on from earlier adapters", .timeLimit(.minutes(2)))
struct AdapterStartTests {
    private static let recipe: JSONValue = [
        "maxSteps": 4, "learningRate": 0.01, "microBatch": 2, "accumulation": 1, "warmupSteps": 0,
    ]

    private func desk() throws -> ServiceDesk {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        for name in ["base", "adapter", "instructions"] { try desk.copy(language[name], to: name) }
        return desk
    }

    private func tune(_ desk: ServiceDesk, _ fields: [String: JSONValue]) throws -> TrainModel.Output {
        let payload: [String: JSONValue] = ["dataset": "instructions", "recipe": Self.recipe]
        return try desk.output(
            "trainer", .trainTune, of: TrainModel.self, .object(payload.merging(fields) { $1 }))
    }

    private func score(_ desk: ServiceDesk, _ model: String, adapter: String? = nil) throws -> Double {
        let output = try desk.output(
            "inference", .inferScore, of: ScoreText.self,
            [
                "model": .string(model), "adapter": adapter.map { JSONValue.string($0) } ?? .null,
                "requests": [["context": "the nurse measures", "continuation": " the fever"]],
            ])
        return try #require(output.results.first).logLikelihood
    }

    @Test(
        "an adapter over a Q8_0 base lowers the loss, is answered with over that base, and is merged in float32",
        arguments: ["float32", "bfloat16"])
    func overBlocks(precision: String) throws {
        let desk = try desk()
        _ = try desk.output(
            "trainer", .modelQuantize, of: ConvertModel.self, ["model": "base", "output": "q8"])
        let recipe: JSONValue = [
            "maxSteps": 6, "learningRate": 0.02, "microBatch": 2, "accumulation": 1, "warmupSteps": 0,
            "precision": .string(precision), "publishEvery": 3, "checkpointEvery": 2,
        ]
        let tuned = try tune(desk, ["model": "q8", "recipe": recipe, "output": "made"])
        #expect(tuned.model == .path("q8") && tuned.summary.published?.count == 1)
        let losses = tuned.summary.lossCurve.map(\.loss)
        #expect(losses.count == 6 && losses[5] < losses[0] - 0.05, "\(losses)")

        for dtype in ["float32", "bfloat16"] {
            _ = try desk.output(
                "trainer", .trainMerge, of: MergeAdapter.self,
                ["model": "q8", "adapter": "made", "dtype": .string(dtype), "output": .string(dtype)])
        }
        // The merged weights: those that the blocks stand for and the adapter's product, rounded once.
        let merged = try TrainerJobTests.values(desk.folder.appending(path: "float32"))
        let rounded = try TrainerJobTests.values(desk.folder.appending(path: "bfloat16"))
        #expect(merged.keys == rounded.keys)
        for (name, values) in merged {
            let nearest = values.map { value -> Float in
                let bits = value.bitPattern
                return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
            }
            #expect(rounded[name] == nearest, "\(name)")
        }
        let answered = try score(desk, "q8", adapter: "made")
        let (exact, before) = (try score(desk, "float32"), try score(desk, "q8"))
        #expect(abs(answered - exact) < 0.02 * abs(exact), "\(answered) over blocks, \(exact) merged")
        #expect(abs(answered - before) > 0.005 * abs(before), "the adapter changes the answer")
    }

    @Test("a new run starts where the earlier adapter ended, with a schedule and moments of its own")
    func goesOn() throws {
        let desk = try desk()
        // Rank and targets are the adapter's where the recipe says nothing.
        let on = try tune(desk, ["model": "base", "adapter": "adapter", "output": "on"])
        let anew = try tune(desk, ["model": "base", "output": "anew"])
        #expect(on.summary.steps == 4 && on.summary.resumedFrom == nil)
        #expect(on.summary.lossCurve[0].loss < anew.summary.lossCurve[0].loss - 0.01)
        func settings(_ folder: String) throws -> [String: Any]? {
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: desk.folder.appending(path: "\(folder)/adapter_config.json")))
                as? [String: Any]
        }
        #expect(try settings("on")?["r"] as? Int == 4)
        #expect(try settings("anew")?["r"] as? Int == 8)
        func values(_ folder: String) throws -> [String: [Float]] {
            try TrainerJobTests.values(desk.folder.appending(path: folder), "adapter_model.safetensors")
        }
        let (before, after) = (try values("adapter"), try values("on"))
        #expect(before.keys == after.keys)
        for (name, earlier) in before { #expect(after[name] != earlier, "\(name)") }
        // Supervised training, which trains all weights else, trains the adapter.
        let supervised = try desk.output(
            "trainer", .trainSupervised, of: TrainModel.self,
            [
                "model": "base", "adapter": "on", "dataset": "instructions", "recipe": Self.recipe, "output": "last",
            ])
        #expect(supervised.adapter != nil && supervised.model == .path("base"))
        #expect(supervised.summary.trainedParameters == on.summary.trainedParameters)
    }

    @Test("an adapter that does not fit is refused by what differs")
    func refused() throws {
        let desk = try desk()
        func refuse(_ fields: [String: JSONValue], saying expected: [String]) throws {
            let payload: [String: JSONValue] = [
                "model": "base", "adapter": "adapter", "dataset": "instructions", "output": "made",
                "recipe": ["maxSteps": 1],
            ]
            let faults = try desk.faults(
                of: "trainer", refusing: .trainTune, .object(payload.merging(fields) { $1 }), saying: expected)
            #expect(faults == [])
        }
        try refuse(
            ["recipe": ["maxSteps": 1, "lora": ["rank": 5]]], saying: ["recipe.lora", "other settings", "rank"])
        try refuse(
            ["recipe": ["maxSteps": 1, "lora": ["targets": ["q_proj"]]]], saying: ["recipe.lora", "other settings"])
        try refuse(["adapter": "base"], saying: ["base/adapter_config.json"])
        // Of a model of other dimensions.
        guard case .object(var other) = TinyLanguage.configuration else { return }
        other["hidden_size"] = 64
        try refuse(["model": ["configuration": .object(other)]], saying: ["adapter_model.safetensors", "shape"])
        // Of a model with other modules: no tensor is this one's.
        try desk.copy(desk.folder.appending(path: "adapter"), to: "strange")
        let file = desk.folder.appending(path: "strange/adapter_model.safetensors")
        var bytes = try Data(contentsOf: file)
        for range in bytes.ranges(of: Data("model.layers".utf8)) {
            bytes.replaceSubrange(range, with: Data("model.blocks".utf8))
        }
        try bytes.write(to: file)
        try refuse(["adapter": "strange"], saying: ["none of its", "belongs to this model"])
        // Of another model of the same dimensions, where both are artifacts.
        let model = try desk.output(
            "trainer", .modelImport, of: ConvertModel.self, ["model": "base"]
        ).model
        let name = "adapter/adapter_config.json"
        let text = try String(contentsOf: desk.folder.appending(path: name), encoding: .utf8)
        let digest = "sha256:" + String(repeating: "a", count: 64)
        try desk.write(name, text.replacing(#""base""#, with: "\"\(digest)\""))
        try refuse(["model": .string(model.text)], saying: ["payload.adapter", digest, model.text, "train.merge"])
    }
}
