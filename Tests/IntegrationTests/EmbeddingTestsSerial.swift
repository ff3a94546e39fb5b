// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import OracleSupport
import Testing

@Suite(
    "The official OpenAI client gets an encoder's vectors from the gateway", .serialized,
    .enabled(if: OpenAIPackage.problem == nil, "the openai package can't be had: \(OpenAIPackage.problem ?? "")"))
struct EmbeddingTestsSerial {
    /// What `Tests/OpenAIClient/embeddings.py` compares.
    struct Case: Encodable {
        var text: String
        var file: String
        var tensor: String
    }

    private struct Golden: Decodable { var text: String }

    private struct Pair: Decodable {
        var n: Int
        var candidate: String
    }

    private struct Configuration: Decodable {
        var layers: Int
        enum CodingKeys: String, CodingKey { case layers = "num_hidden_layers" }
    }

    /// The oracle's encoders, with the states that transformers gave for one text each.
    private static let oracles = OutsideData.folders(below: OutsideData.oracles) {
        $0.holds("vocab.txt") && $0.holds("hidden.row6.safetensors")
    }

    @Test("They are transformers': of the small golden, and of the oracle where there is one")
    func vectors() async throws {
        let golden = OutsideData.fixtures.appending(path: "encoders/bert")
        let texts: [Golden] = try golden.appending(path: "texts.jsonl").jsonLines()
        try await check(
            golden,
            texts.enumerated().map { number, row in
                Case(text: row.text, file: golden.appending(path: "hidden.safetensors").path, tensor: "\(number).2")
            })
        for folder in Self.oracles {
            let pairs: [Pair] = try folder.deletingLastPathComponent().appending(path: "bertscore.jsonl").jsonLines()
            let text = try #require(pairs.first { $0.n == 6 }?.candidate)
            let layers = try folder.appending(path: "config.json").json(as: Configuration.self).layers
            try await check(
                folder,
                [
                    Case(
                        text: text, file: folder.appending(path: "hidden.row6.safetensors").path,
                        tensor: "hidden.\(layers)")
                ])
        }
    }

    private func check(_ encoder: URL, _ cases: [Case]) async throws {
        try await StackFixture.with(dataRoots: [encoder.deletingLastPathComponent().path]) { stack in
            let path = "\(stack.folder)/cases.json"
            try JSONEncoder().encode(cases).write(to: URL(filePath: path))
            let script = StackFixture.repository.appending(path: "Tests/OpenAIClient/embeddings.py").path
            let run = try await CommandRun.run(
                [OpenAIPackage.python, script, "\(stack.gateway.url)/v1", encoder.lastPathComponent, path],
                folder: stack.folder, within: .seconds(120))
            #expect(run.exitCode == 0, "\(run.printed)")
            #expect(run.printed.contains("all holds"))
        }
    }
}
