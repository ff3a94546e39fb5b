// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Llama
import OracleSupport
import Tensors
import Testing
import Tokenization

@testable import Checkpoints

@Suite("A model's files become others that hold the same")
final class ModelConversionTests {
    private let root: URL
    private var count = 0

    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "conversion-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(at: root) }

    /// A new empty folder.
    private func scratch() throws -> URL {
        count += 1
        let folder = root.appending(path: "\(count)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Rows of 64 and 96 are whole blocks; of 80 they are not.
    private static func weights(
        rope: RopeScaling = .none, window: Int? = nil, tied: Bool = false, intermediate: Int = 96
    ) throws -> LlamaWeights {
        try LlamaWeights(
            random: LlamaConfiguration(
                vocabularySize: 470, hiddenSize: 64, intermediateSize: intermediate, layerCount: 2, headCount: 4,
                keyValueHeadCount: 2, maxPositions: 128, rmsNormEpsilon: 1e-5, ropeTheta: 5000, ropeScaling: rope,
                slidingWindow: window, tieWordEmbeddings: tied, beginOfSequenceID: 1, endOfSequenceIDs: [2]),
            seed: 3)
    }

    private static let tokenizers = OutsideData.fixtures.appending(path: "tokenization")

    /// A model folder with the tokenizer of a fixture.
    private func folder(_ weights: LlamaWeights, tokenizer: String? = "trained-here") throws -> URL {
        let scratch = try scratch()
        try LlamaCheckpoint.save(weights, to: scratch)
        if let tokenizer {
            for name in TokenizerFile.names {
                let file = Self.tokenizers.appending(path: tokenizer).appending(path: name)
                guard FileManager.default.fileExists(atPath: file.path) else { continue }
                try FileManager.default.copyItem(at: file, to: scratch.appending(path: name))
            }
        }
        return scratch
    }

    private func convert(
        _ folder: URL, _ container: ModelConversion.Container, _ format: WeightFormat
    ) throws -> URL {
        let scratch = try scratch()
        try ModelConversion.convert(ModelSource(folder), to: scratch, container: container, format: format)
        return scratch
    }

    /// What is left of the values in a format, row by row.
    private static func rounded(_ values: [Float], _ format: WeightFormat) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        var bytes = [UInt8](repeating: 0, count: format.rowBytes(values.count) ?? 0)
        bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            format.narrow(values, count: values.count, into: base)
            format.widen(base, count: values.count, into: &result)
        }
        return result
    }

    @Test("weights are those of the format, and a second conversion changes no bit", arguments: WeightFormat.allCases)
    func formats(format: WeightFormat) throws {
        let weights = try Self.weights()
        let source = try folder(weights)
        let converted = try convert(source, .gguf, format)
        #expect(LlamaCheckpoint.quantizedFile(converted) != nil)
        let loaded = try LlamaCheckpoint.load(converted)
        #expect(loaded.configuration == weights.configuration)
        for entry in weights.entries {
            let values = try #require(weights[entry.name]).values
            let isEdge = ["lm_head.weight", "model.embed_tokens.weight"].contains(entry.name)
            let own = format == .q4 && isEdge ? WeightFormat.q8 : format
            let expected = entry.shape.rank == 2 ? Self.rounded(values, own) : values
            #expect(try #require(loaded[entry.name]).values == expected, "\(entry.name)")
        }
        // Served as they lie, the rows of q in the published order.
        let served = try CheckpointWeights(converted)
        let name = "model.layers.1.self_attn.q_proj.weight"
        let matrix = try served.matrix(name, rows: 64, columns: 64)
        var row = [Float](repeating: 0, count: 64)
        format.widen(matrix.base + 5 * (format.rowBytes(64) ?? 0), count: 64, into: &row)
        #expect(row == Array(try #require(loaded[name]).values[5 * 64..<6 * 64]))
        served.release()
        // The file alone says as much as the folder, and made again it is the same to the bit.
        let file = converted.appending(path: LlamaCheckpoint.quantizedName)
        #expect(try ModelSource(file).configuration == weights.configuration)
        let again = try convert(file, .gguf, format)
        #expect(
            try Data(contentsOf: again.appending(path: LlamaCheckpoint.quantizedName)) == Data(contentsOf: file))
    }

    @Test("rows that are no whole blocks are float16, norms float32")
    func fallback() throws {
        let weights = try Self.weights(intermediate: 80)
        let source = try folder(weights)
        let converted = try convert(source, .gguf, .q4)
        let file = try GGUFFile(converted.appending(path: LlamaCheckpoint.quantizedName))
        #expect(try #require(file["blk.0.ffn_down.weight"]).format == .float16)
        #expect(try #require(file["blk.1.ffn_up.weight"]).format == .q4)
        #expect(try #require(file["output_norm.weight"]).format == .float32)
        #expect(try #require(file["token_embd.weight"]).shape == [470, 64])
    }

    @Test(
        "every configuration comes back from the metadata",
        arguments: [
            RopeScaling.none, .linear(factor: 2.5), .dynamic(factor: 4),
            .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 64),
        ])
    func configurations(rope: RopeScaling) throws {
        let weights = try Self.weights(rope: rope, window: rope == .none ? 40 : nil, tied: rope != .none)
        let source = try folder(weights, tokenizer: nil)
        let converted = try convert(source, .gguf, .float32)
        let file = converted.appending(path: LlamaCheckpoint.quantizedName)
        // Beside config.json the file's metadata are not asked; alone they are.
        let alone = try convert(file, .safetensors, .float32)
        let back = try LlamaCheckpoint.load(alone)
        let expected = weights.configuration
        #expect(back.configuration.ropeScaling == rope && back.configuration.slidingWindow == expected.slidingWindow)
        #expect(back.configuration.tieWordEmbeddings == expected.tieWordEmbeddings)
        for entry in weights.entries {
            #expect(back[entry.name]?.values == weights[entry.name]?.values, "\(entry.name)")
        }
        #expect((try? TokenizerFile.locate(alone.path)) == nil)
    }

    @Test("tokenizers come back and encode the same", arguments: ["plain", "llama3-like", "gpt2-like"])
    func tokenizers(name: String) throws {
        let source = try folder(Self.weights(), tokenizer: name)
        try Data(#"{"add_bos_token": false, "chat_template": "{{ 1 }}\n"}"#.utf8)
            .write(to: source.appending(path: "tokenizer_config.json"))
        let converted = try convert(source, .gguf, .q8)
        let back = try convert(
            converted.appending(path: LlamaCheckpoint.quantizedName), .safetensors, .bfloat16)
        let before = try TokenizerFile.load(path: source.path)
        let after = try TokenizerFile.load(path: back.path)
        #expect(after.beginOfSequence == before.beginOfSequence && after.endOfSequence == before.endOfSequence)
        #expect(after.vocabularySize == before.vocabularySize, "rows beyond the vocabulary are no tokens")
        #expect(after.addsBOSByDefault == before.addsBOSByDefault)
        #expect(try TokenizerFile.settings(besides: back.path + "/x")?.chatTemplate == "{{ 1 }}\n")
        struct Row: Decodable {
            var text: String
            var ids: [TokenID]
        }
        let rows = Self.tokenizers.appending(path: name).appending(path: "strings.jsonl")
        for row in try rows.jsonLines(as: Row.self) { #expect(after.encode(row.text) == row.ids) }
    }

    @Test("what cannot be is refused by name, and nothing is left")
    func refusals() throws {
        let source = try folder(Self.weights())
        let scratch = try scratch()
        func refusal(_ body: () throws -> Void) -> String {
            let error = #expect(throws: (any Error).self) { try body() }
            return error.map { "\($0)" } ?? ""
        }
        let quantised = refusal {
            try ModelConversion.convert(
                ModelSource(source), to: scratch, container: .safetensors, format: .q8)
        }
        #expect(quantised.contains("safetensors cannot hold q8_0"))
        #expect(refusal { _ = try ModelSource(scratch) }.contains("0 GGUF files"))
        #expect(refusal { _ = try ModelSource(scratch.appending(path: "x")) }.contains("does not exist"))
        let small = try folder(Self.weights(), tokenizer: "plain")
        let smallest = try LlamaWeights(
            random: LlamaConfiguration(
                vocabularySize: 100, hiddenSize: 32, intermediateSize: 32, layerCount: 1, headCount: 2), seed: 1)
        try LlamaCheckpoint.save(smallest, to: small)
        let other = refusal {
            try ModelConversion.convert(ModelSource(small), to: scratch, container: .gguf, format: .q8)
        }
        #expect(other.contains("they do not belong"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
    }
}
