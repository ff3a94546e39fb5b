// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("The trainer refuses bad input in one line and leaves nothing", .timeLimit(.minutes(2)))
struct TrainerBadInputTests {
    private func desk() throws -> ServiceDesk {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        for name in ["base", "corpus", "adapter", "text"] { try desk.copy(language[name], to: name) }
        return desk
    }

    private func payload(_ changes: [String: JSONValue], without name: String = "") -> JSONValue {
        var fields: [String: JSONValue] = [
            "model": "base", "dataset": "corpus/dataset", "output": "made",
            "recipe": ["maxSteps": 2, "accumulation": 1],
        ]
        fields[name] = nil
        return .object(fields.merging(changes) { $1 })
    }

    private func refuse(
        _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try refuse(.trainPretrain, payload, on: desk, saying: expected, sourceLocation: sourceLocation)
    }

    private func refuse(
        _ kind: JobKind, _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let faults = try desk.faults(of: "trainer", refusing: kind, payload, saying: expected)
        #expect(faults == [], sourceLocation: sourceLocation)
    }

    @Test func fieldsAreCheckedFirst() throws {
        let desk = try desk()
        try refuse(payload([:], without: "model"), on: desk, saying: [#""model" is missing"#])
        try refuse(payload([:], without: "dataset"), on: desk, saying: ["exactly one of", "tokens"])
        try refuse(
            payload(["recipe": ["learningrate": 1]]), on: desk,
            saying: ["payload.recipe", "learningrate", #"did you mean "learningRate"?"#])
        try refuse(payload(["recipe": ["maxSteps": 0]]), on: desk, saying: ["payload.recipe.maxSteps"])
        try refuse(
            payload(["recipe": ["spikeDeviations": -1]]), on: desk, saying: ["payload.recipe.spikeDeviations"])
        try refuse(
            payload(["heldOut": ["of Mrs. Smith": "corpus/held-out/clinical"]]), on: desk,
            saying: ["payload.heldOut", "letters, digits"])
        try refuse("train.pretrian", payload([:]), on: desk, saying: ["kind", #"did you mean "train.pretrain"?"#])
        try refuse(
            .modelQuantize, ["model": "base", "format": "safetensors", "dtype": "q8_0", "output": "made"], on: desk,
            saying: ["dtype", "gguf"])
        try refuse(
            .modelQuantize, ["model": "base", "format": "safetensors", "output": "made"], on: desk,
            saying: ["dtype", "gguf"])
        try refuse(.modelImport, ["model": "text", "output": "made"], on: desk, saying: ["text", "0 GGUF files"])
        try refuse(.inferScore, ["model": "base", "requests": []], on: desk, saying: ["requests"])
    }

    @Test func damagedModelsAreNamed() throws {
        let desk = try desk()
        let weights = try Data(contentsOf: desk.folder.appending(path: "base/model.safetensors"))
        try desk.copy(desk.folder.appending(path: "base"), to: "cut")
        try desk.write("cut/model.safetensors", weights.dropLast(100))
        try refuse(payload(["model": "cut"]), on: desk, saying: ["cut/model.safetensors", "bytes"])
        try desk.write("cut/model.safetensors", weights.prefix(20))
        try refuse(payload(["model": "cut"]), on: desk, saying: ["cut/model.safetensors"])
        try refuse(.trainMerge, ["model": "cut", "adapter": "adapter", "output": "made"], on: desk, saying: ["cut/"])
        try refuse(payload(["model": "text"]), on: desk, saying: ["text/config.json"])
        try refuse(payload(["model": "nowhere"]), on: desk, saying: ["nowhere", "does not exist"])
        try refuse(
            payload(["model": ["configuration": ["vocab_size": 320]]]), on: desk,
            saying: ["payload.model.configuration"])
    }

    @Test func dataThatDoesNotFitTheModelIsRefused() throws {
        let desk = try desk()
        guard case .object(var configuration) = TinyLanguage.configuration else { return }
        configuration["vocab_size"] = 300
        try refuse(
            payload(["model": ["configuration": .object(configuration)]]), on: desk,
            saying: ["vocabulary of 320", "300", "tokenizer"])
        configuration["vocab_size"] = 320
        configuration["max_position_embeddings"] = 32
        try refuse(
            payload(["model": ["configuration": .object(configuration)]]), on: desk, saying: ["48 tokens", "32"])
        try desk.write("rows.jsonl", #"{"input_ids": [1, 320]}"#)
        try refuse(payload(["tokens": "rows.jsonl"], without: "dataset"), on: desk, saying: ["row 0", "320", "319"])
        try desk.write("rows.jsonl", #"{"input_ids": [1, 2]}"# + "\n" + #"{"input_ids": [1, 2"#)
        try refuse(payload(["tokens": "rows.jsonl"], without: "dataset"), on: desk, saying: ["rows.jsonl", "line 2"])
        try refuse(payload(["dataset": "text"]), on: desk, saying: ["text/dataset.json", "dataset folder"])
    }

    @Test func rowsOfAnotherTokenizerThanTheModelsAreRefused() throws {
        let desk = try desk()
        // Ids of a smaller vocabulary all exist in the model, and mean something else there.
        _ = try desk.output(
            "tokenizer", .tokenizeTrain, of: TokenizeTrain.self,
            ["sources": ["text/general.jsonl"], "vocabularySize": 300, "output": "other"])
        _ = try desk.output(
            "tokenizer", .tokenizeInstructions, of: TokenizeInstructions.self,
            [
                "tokenizer": "other", "sequenceLength": 128, "output": "rows",
                "sources": [["name": "samples", "format": "jsonl", "path": "text/samples.json"]],
            ])
        try refuse(
            .trainTune, payload(["dataset": "rows"]), on: desk, saying: ["tokenizer", "model's own tokenizer", "rows"])
    }

    @Test func aRunThatDivergesNamesItsStepAndRows() throws {
        let desk = try desk()
        try refuse(
            payload([
                "recipe": [
                    "maxSteps": 20, "accumulation": 2, "learningRate": 10, "clipNorm": 0, "warmupSteps": 0,
                    "schedule": "constant", "publishEvery": 0,
                ]
            ]), on: desk, saying: ["step ", "batch ", " of 2 (dataset row", "lower recipe.learningRate"])
    }

    @Test func anAdapterOfAnotherModelIsRefused() throws {
        let desk = try desk()
        guard case .object(var configuration) = TinyLanguage.configuration else { return }
        configuration["hidden_size"] = 16
        _ = try desk.output(
            "trainer", .trainPretrain, of: TrainModel.self,
            payload(["model": ["configuration": .object(configuration)], "output": "narrow"]))
        try refuse(
            .trainMerge, ["model": "narrow", "adapter": "adapter", "output": "made"], on: desk,
            saying: ["adapter/adapter_model.safetensors", "shape"])
    }

    @Test(
        "A disk that fills up at a checkpoint or at the end is one clear error, worth another try",
        .enabled(if: SmallDisk.isOffered, "only root can mount a small disk"))
    func fullDisk() throws {
        let desk = try desk()
        try FileManager.default.createDirectory(at: desk.store, withIntermediateDirectories: true)
        let before = desk.contents()
        let listing = FileManager.default.temporaryDirectory.appending(path: "mellama-test-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: listing) }
        // Room for nothing, for a part of a checkpoint, for one but not for the model after it.
        let weights = try Data(contentsOf: desk.folder.appending(path: "base/model.safetensors")).count / 1024
        for size in [8, weights * 2, weights * 7 / 2] {
            let outcome = try desk.run(
                "trainer", .trainPretrain, payload([:], without: "output"),
                launcher: SmallDisk.launcher(folder: desk.store.path, kibibytes: size, listing: listing))
            #expect(outcome.status == 1)
            #expect(outcome.errors.count == 1 && outcome.errors[0].contains("No space left"), "\(outcome.errors)")
            #expect(outcome.result?.error?.type == .storage && outcome.result?.error?.retryable == true)
            #expect(try String(contentsOfFile: listing, encoding: .utf8) == "", "of \(size) KiB")
            #expect(desk.contents() == before)
        }
    }
}
