// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Messages
import TestSupport
import Testing

@Suite("trainer run turns a model's files into others", .timeLimit(.minutes(2)))
struct ConvertJobTests {
    private func files(_ desk: ServiceDesk, _ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: desk.folder.appending(path: folder).path).sorted()
    }

    private func score(_ desk: ServiceDesk, _ model: String) throws -> Double {
        let output = try desk.output(
            "inference", .inferScore, of: ScoreText.self,
            ["model": .string(model), "requests": [["context": "the nurse measures", "continuation": " the fever"]]])
        return try #require(output.results.first).logLikelihood
    }

    @Test func quantisedImportedAndExported() throws {
        let language = try TinyLanguage.shared()
        let desk = try ServiceDesk()
        try desk.copy(language["base"], to: "base")
        func convert(_ kind: JobKind, _ payload: [String: JSONValue], to output: String) throws {
            let fields = payload.merging(["output": .string(output)]) { $1 }
            let result = try desk.output("trainer", kind, of: ConvertModel.self, .object(fields))
            #expect(result.model.text == desk.folder.appending(path: output).path)
        }
        try convert(.modelQuantize, ["model": "base"], to: "q8")
        #expect(try files(desk, "q8") == ["config.json", "model.gguf", "tokenizer.model"])
        try convert(.modelQuantize, ["model": "base", "dtype": "q4_0"], to: "q4")
        let size = { (name: String) in try Data(contentsOf: desk.folder.appending(path: name)).count }
        #expect(try size("q4/model.gguf") < size("q8/model.gguf"))

        // The file alone is a model too; its tokenizer comes out of it.
        try convert(.modelImport, ["model": "q8/model.gguf"], to: "imported")
        #expect(
            try files(desk, "imported") == [
                "config.json", "model.safetensors", "tokenizer.model", "tokenizer_config.json",
            ])
        try convert(.modelExport, ["model": "base", "dtype": "bfloat16"], to: "exported")
        #expect(try files(desk, "exported") == ["config.json", "model.gguf", "tokenizer.model"])
        try convert(.modelImport, ["model": "exported", "dtype": "bfloat16"], to: "back")

        let exact = try score(desk, "base")
        #expect(abs(try score(desk, "q8") - exact) < 0.05 * abs(exact))
        #expect(abs(try score(desk, "imported") - score(desk, "q8")) < 0.02)
        #expect(abs(try score(desk, "back") - exact) < 0.05 * abs(exact))
    }
}
