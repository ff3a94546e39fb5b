// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Encoders
import Foundation
import Testing

@Suite("An encoder's folder is checked before it is used")
struct EncoderFolderTests {
    private func refusal(_ configuration: String, vocabulary: String = "[UNK]\n[CLS]\n[SEP]\n") throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "encoder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(configuration.utf8).write(to: folder.appending(path: "config.json"))
        try Data(vocabulary.utf8).write(to: folder.appending(path: "vocab.txt"))
        var writer = SafetensorsWriter()
        writer.add("embeddings.word_embeddings.weight", integers: [1])
        try writer.write(to: folder.appending(path: "model.safetensors"))
        let error = #expect(throws: (any Error).self) { try BERTEncoder(folder) }
        return error.map { "\($0)" } ?? ""
    }

    @Test func refusals() throws {
        let good = #""vocab_size": 3, "hidden_size": 4, "intermediate_size": 4, "num_hidden_layers": 1"#
        #expect(try refusal("{\(good)}").contains("num_attention_heads"))
        #expect(try refusal("{\(good), \"num_attention_heads\": 3}").contains("multiple"))
        let heads = "{\(good), \"num_attention_heads\": 2"
        #expect(try refusal(heads + "}").contains("word_embeddings.weight has the shape"))
        #expect(try refusal(heads + "}", vocabulary: "[UNK]\n[CLS]\n[SEP]\na\n").contains("4 pieces"))
        #expect(try refusal(heads + #", "model_type": "roberta"}"#).contains("roberta"))
        #expect(try refusal(heads + #", "hidden_act": "relu"}"#).contains("relu"))
        #expect(try refusal("[").contains("JSON"))
    }
}
