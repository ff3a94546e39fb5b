// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("Inference refuses bad input in one line, and never quotes a prompt", .timeLimit(.minutes(2)))
struct InferenceBadInputTests {
    static let canary = "Quasimodo"

    private func refuse(
        _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try refuse(.inferGenerate, payload, on: desk, saying: expected, sourceLocation: sourceLocation)
    }

    private func refuse(
        _ kind: JobKind, _ payload: JSONValue, on desk: ServiceDesk, saying expected: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let faults = try desk.faults(
            of: "inference", refusing: kind, payload, saying: expected, keeping: Self.canary)
        #expect(faults == [], sourceLocation: sourceLocation)
    }

    /// One request on the tiny model.
    private func asking(_ request: JSONValue, _ changes: [String: JSONValue] = [:]) -> JSONValue {
        let fields: [String: JSONValue] = ["model": "base", "requests": [request]]
        return .object(fields.merging(changes) { $1 })
    }

    @Test func requestsAreCheckedByPositionAndField() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let prompt: JSONValue = .string("\(Self.canary) coughs")
        try refuse(["model": "base"], on: desk, saying: [#""requests" is missing"#])
        try refuse(asking(["promt": prompt]), on: desk, saying: ["requests[0]", "promt", #"did you mean "prompt"?"#])
        try refuse(asking(["prompt": prompt, "promptIDs": [1]]), on: desk, saying: ["requests[0]", "exactly one"])
        try refuse(asking(["prompt": prompt, "temperature": -1]), on: desk, saying: ["requests[0].temperature"])
        try refuse(
            asking(["messages": [["role": "user", "content": prompt]]]), on: desk,
            saying: ["requests[0].messages", "chatTemplate", "llama2-chat"])
        try refuse("infer.generat", asking(["prompt": prompt]), on: desk, saying: [#"did you mean "infer.generate"?"#])
        try refuse(asking(["promptIDs": [1, 320]]), on: desk, saying: ["requests[0]", "320", "0 to 319"])
        try refuse(asking(["promptIDs": []]), on: desk, saying: ["requests[0]", "empty prompt"])
        try refuse(
            .inferScore, asking(["context": prompt, "continuationIDs": [1]]), on: desk,
            saying: ["requests[0]", #""context" and "continuation""#])
        try refuse(
            .inferScore, asking(["contextIDs": [1], "continuationIDs": []]), on: desk,
            saying: ["requests[0]", "empty continuation"])
        try refuse(
            asking(["prompt": prompt, "choices": [" same", " same"]]), on: desk, saying: ["requests[0]", "choices"])
    }

    @Test func beyondTheContextBothLengthsAreNamed() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let ids = InferenceJobTests.list([Int32](repeating: 7, count: 513))
        try refuse(asking(["promptIDs": ids]), on: desk, saying: ["requests[0]", "513 tokens", "context is 512"])
        let text: JSONValue = .string(String(repeating: "\(Self.canary) ", count: 600))
        try refuse(asking(["prompt": text]), on: desk, saying: ["requests[0]", "context is 512"])
        try refuse(
            .inferScore, asking(["contextIDs": ids, "continuationIDs": [3, 4]]), on: desk,
            saying: ["requests[0]", "context of 513", "continuation of 2", "context is 512"])
        try refuse(
            .inferScore, asking(["context": text, "continuation": " yes"]), on: desk, saying: ["context is 512"])
    }

    @Test func damagedModelsAreNamed() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let request: JSONValue = ["prompt": .string(Self.canary)]
        func damage(_ name: String, _ change: (Data) -> Data) throws {
            let file = desk.folder.appending(path: name)
            try change(Data(contentsOf: file)).write(to: file)
        }
        try desk.copy(desk.folder.appending(path: "base"), to: "cut")
        try damage("cut/model.safetensors") { $0.dropLast(1) }
        try refuse(asking(request, ["model": "cut"]), on: desk, saying: ["cut/model.safetensors", "bytes"])
        try damage("cut/config.json") { $0.dropLast(10) }
        try refuse(asking(request, ["model": "cut"]), on: desk, saying: ["cut/config.json"])
        try desk.copy(desk.folder.appending(path: "base"), to: "mute")
        try damage("mute/tokenizer.model") { $0.prefix($0.count / 2) + Data([0xFF]) }
        try refuse(asking(request, ["model": "mute"]), on: desk, saying: ["mute/tokenizer.model"])
        try refuse(asking(request, ["model": "merged/config.json"]), on: desk, saying: ["merged/config.json"])
        try damage("adapter/adapter_model.safetensors") { $0.dropLast(1) }
        try refuse(
            asking(request, ["adapter": "adapter"]), on: desk, saying: ["adapter/adapter_model.safetensors", "bytes"])
        try refuse(asking(request, ["adapter": "none"]), on: desk, saying: ["none", "does not exist"])
    }

    @Test func aTokenizerLargerThanTheEmbeddingIsRefused() throws {
        let (desk, _) = try InferenceJobTests.desk()
        try desk.copy(TinyLanguage.shared()["text"], to: "text")
        _ = try desk.output(
            "tokenizer", .tokenizeTrain, of: TokenizeTrain.self,
            ["sources": ["text/*.jsonl"], "vocabularySize": 340, "output": "larger"])
        let model = desk.folder.appending(path: "base/tokenizer.model")
        try FileManager.default.removeItem(at: model)
        try desk.copy(desk.folder.appending(path: "larger/tokenizer.model"), to: "base/tokenizer.model")
        try refuse(
            asking(["prompt": .string(Self.canary)]), on: desk, saying: ["340 pieces", "320", "trained with"])
        // Before anything is computed, so also where only ids are given.
        try refuse(asking(["promptIDs": [1]]), on: desk, saying: ["340 pieces"])
    }

    @Test func anAdapterOfAnotherModelIsRefused() throws {
        let (desk, _) = try InferenceJobTests.desk()
        guard case .object(var configuration) = TinyLanguage.configuration else { return }
        configuration["hidden_size"] = 16
        try refuse(
            asking(
                ["promptIDs": [1]], ["model": ["configuration": .object(configuration)], "adapter": "adapter"]),
            on: desk, saying: ["adapter/adapter_model.safetensors", "shape"])
        configuration["hidden_size"] = 32
        configuration["num_hidden_layers"] = 1
        try refuse(
            asking(
                ["promptIDs": [1]], ["model": ["configuration": .object(configuration)], "adapter": "adapter"]),
            on: desk, saying: ["adapter/adapter_model.safetensors"])
    }

    @Test func aModelBeyondTheMemoryBudgetIsRefusedBeforeItIsRead() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let outcome = try desk.run(
            "inference", .inferGenerate, asking(["promptIDs": [1]]), shell: "export MELLAMA_MEMORY_BUDGET=4KiB")
        #expect(outcome.status == 1 && outcome.errors.count == 1)
        #expect(outcome.errors[0].contains("4096") && outcome.errors[0].contains("MELLAMA_MEMORY_BUDGET"))
    }

    @Test func aLineOfABatchFailsAlone() throws {
        let (desk, _) = try InferenceJobTests.desk()
        let good = asking(["promptIDs": [1], "maxTokens": 2])
        let results = try desk.lines(
            "inference",
            [
                (.inferGenerate, good), (.inferGenerate, asking(["promptIDs": [9_999]])),
                (.inferGenerate, asking(["promptIDs": [1]], ["model": "none"])), (.inferGenerate, good),
            ])
        #expect(results.map(\.status) == [.succeeded, .failed, .failed, .succeeded])
        #expect(results.map { $0.error?.type } == [nil, .badInput, .notFound, nil])
        #expect(results[0].output == results[3].output)
        for arguments in [["run"], ["run", "a", "b"], ["--nonsense"]] {
            #expect(try ServiceProcess.run(arguments, name: "inference").status == 64)
        }
    }
}
