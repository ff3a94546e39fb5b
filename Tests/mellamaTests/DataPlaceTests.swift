// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Messages
import Testing

@testable import mellama

@Suite("Every place where a payload names data is found, in the typed payload and in the untyped one alike")
struct DataPlaceTests {
    static let payloads: [(JobKind, JSONValue)] = [
        (.tokenizeText, ["tokenizer": "t/tokenizer.model", "texts": ["path", "model"]]),
        (.tokenizeTrain, ["sources": ["a/*.jsonl", "b.txt"], "vocabularySize": 512]),
        (
            .tokenizeCorpus,
            [
                "tokenizer": "t", "sequenceLength": 64,
                "sources": [
                    ["name": "n1", "domain": "clinical", "path": "notes.jsonl", "format": "jsonl", "field": "text"],
                    ["name": "n2", "domain": "general", "path": "g/*.txt", "format": "text"],
                ],
                "tokens": 1000, "decontaminate": ["pubmedqa", ["task": "medqa", "data": "medqa"]],
            ]
        ),
        (
            .tokenizeInstructions,
            [
                "tokenizer": "t", "sequenceLength": 64,
                "sources": [["name": "alpaca", "format": "alpaca", "path": "alpaca.json"]],
            ]
        ),
        (.trainPretrain, ["model": "m", "dataset": "d"]),
        (.trainTune, ["model": "m", "tokens": "rows.jsonl"]),
        (
            .trainSupervised,
            [
                "model": ["configuration": ["model": "x", "path": "y", "vocab_size": 3], "seed": 1],
                "dataset": "sha256:5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9",
            ]
        ),
        (.trainMerge, ["model": "m", "adapter": "a"]),
        (.modelImport, ["model": "m.gguf"]), (.modelQuantize, ["model": "m", "dtype": "q4_0"]),
        (.modelExport, ["model": "m", "format": "gguf"]),
        (.inferGenerate, ["model": "m", "adapter": "a", "requests": [["prompt": "model path"]]]),
        (.inferEmbed, ["model": "encoder", "texts": ["model path"]]),
        (.inferScore, ["model": "m", "requests": [["context": "a", "continuation": "b"]]]),
        (.evaluateTask, ["model": "m", "adapter": "a", "task": "pubmedqa", "data": "d", "shotsData": "s"]),
        (.evaluatePredictions, ["task": "pubmedqa", "data": "d", "predictions": "p.jsonl"]),
        (.evaluatePerplexity, ["model": "m", "data": ["clinical": "c.jsonl", "general": "g.jsonl"]]),
        (
            .evaluateForgetting,
            [
                "before": ["model": "m1"], "after": ["model": "m2", "adapter": "a"],
                "tasks": [["task": "pubmedqa", "data": "d", "shotsData": "s"]],
            ]
        ),
        (.reportBuild, ["results": [["label": "base", "perplexity": ["path": "x", "model": "y"]]]]),
    ]

    private static func typed<Payload: JobPayload>(_ type: Payload.Type, _ message: JobMessage) throws -> [String] {
        try message.decode(type).references.map(\.text)
    }

    @Test("No kind is left out of this test")
    func complete() {
        #expect(Set(Self.payloads.map(\.0)) == Set(JobKind.payloadTypes.keys))
    }

    @Test("The untyped walk finds what the type knows", arguments: payloads.map(\.0))
    func agrees(_ kind: JobKind) throws {
        let payload = try #require(Self.payloads.first { $0.0 == kind }?.1)
        let message = JobMessage(kind: kind, payload: payload)
        try message.validate()
        let type = try #require(JobKind.payloadTypes[kind])
        #expect(message.dataPlaces.map(\.reference.text).sorted() == (try Self.typed(type, message)).sorted())
        // Every place's path leads to its text.
        for place in message.dataPlaces { #expect(place.path.hasPrefix("payload.")) }
    }

    @Test("A list takes several for one, a single place the first")
    func replaces() {
        let message = JobMessage(kind: .tokenizeTrain, payload: ["sources": ["a", "b"], "vocabularySize": 512])
        let replaced = message.replacingDataReferences { place in
            place.reference.text == "a" ? ["a1", "a2"] : []
        }
        #expect(replaced.payload["sources"] == ["a1", "a2"])
        let text = JobMessage(kind: .tokenizeText, payload: ["tokenizer": "a", "texts": ["a"]])
        #expect(text.replacingDataReferences { _ in ["z"] }.payload == ["tokenizer": "z", "texts": ["a"]])
    }
}
