// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import FuzzSupport
import Llama
import OracleSupport
import Tensors
import Testing

@testable import Checkpoints

@Suite("Whatever bytes a model's file holds: tensors inside the file, or an error")
struct GGUFFuzzTests {
    /// A tiny model with every kind of metadata value.
    private static func seed(_ format: WeightFormat) throws -> [UInt8] {
        let weights = try LlamaWeights(
            random: LlamaConfiguration(
                vocabularySize: 8, hiddenSize: 32, intermediateSize: 32, layerCount: 1, headCount: 2,
                keyValueHeadCount: 1,
                ropeScaling: .llama3(
                    factor: 2, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 16)), seed: 1)
        return try withScratchFolder { scratch in
            try LlamaCheckpoint.save(weights, to: scratch)
            let source = try ModelSource(scratch)
            try ModelConversion.convert(source, to: scratch, container: .gguf, format: format)
            return Array(try Data(contentsOf: scratch.appending(path: LlamaCheckpoint.quantizedName)))
        }
    }

    /// A vocabulary in front of no tensors.
    private static func vocabularySeed() throws -> [UInt8] {
        var writer = GGUFWriter()
        writer.add("tokenizer.ggml.model", .string("llama"))
        writer.add("tokenizer.ggml.tokens", .strings(["<unk>", "<s>", "</s>", "a", "b", "ab"].map { Array($0.utf8) }))
        writer.add("tokenizer.ggml.scores", .reals([0, 0, 0, -2, -3, -1]))
        writer.add("tokenizer.ggml.token_type", .integers([2, 3, 3, 1, 1, 1]))
        writer.add("tokenizer.ggml.add_bos_token", .boolean(true))
        writer.add("general.alignment", .integer(32))
        return try withScratchFolder { scratch in
            try writer.write(to: scratch.appending(path: "x"))
            return Array(try Data(contentsOf: scratch.appending(path: "x")))
        }
    }

    @Test func models() throws {
        var target = FuzzTarget(
            name: "gguf", seeds: try [Self.seed(.q8), Self.seed(.float16), Self.vocabularySeed()],
            words: ["GGUF", "llama", "general.alignment", "tokenizer.ggml.model", "token_embd.weight", "gpt2"],
            restructure: Self.changeNumber, read: Self.read)
        target.maximumBytes = 64 << 10
        try FuzzRun(target).run()
    }

    @Test func safetensors() throws {
        let folder = OutsideData.fixtures.appending(path: "llama/tied")
        let seed = Array(try Data(contentsOf: folder.appending(path: "model.safetensors")))
        var target = FuzzTarget(
            name: "safetensors", seeds: [seed], words: ["\"dtype\":\"I64\"", "\"BF16\"", "[0,0]", "__metadata__", "{}"]
        ) { bytes in
            let scratch = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(getpid()).safetensors")
            try Data(bytes).write(to: scratch)
            do {
                let file = try SafetensorsFile(scratch)
                for entry in file.entries where entry.type.isFloatingPoint { _ = try file.tensor(entry.name).values }
                return .accepted
            } catch is CheckpointError { return .refused }
        }
        target.maximumBytes = 16 << 10
        try FuzzRun(target).run()
    }

    @Sendable private static func read(_ bytes: [UInt8]) throws -> FuzzTarget.Verdict {
        do {
            let file = try GGUFFile(MappedFile(contents: bytes, named: "fuzzed"))
            for entry in file.entries {
                try FuzzFailure.unless(
                    entry.range.lowerBound >= 0 && entry.range.upperBound <= bytes.count, "a tensor outside the file")
            }
            _ = try? GGUFVocabulary(file)
            let configuration = try GGUFConfiguration(file).configuration
            let model = try LlamaGGUF(file, configuration: configuration)
            for entry in LlamaWeights.entries(of: configuration) {
                var tensor = Tensor(zeros: entry.shape)
                try tensor.withUnsafeMutableValues { try model.read(entry.name, shape: entry.shape, into: $0) }
            }
            return .accepted
        } catch is CheckpointError { return .refused } catch is LlamaError { return .refused }
    }

    /// A binary number at the edge of something in place of another, where counts, types and offsets stand.
    @Sendable private static func changeNumber(_ bytes: inout [UInt8], _ random: inout FuzzRandom) {
        let numbers: [UInt64] = [
            0, 1, 2, 3, 4, 8, 9, 10, 12, 30, 31, 32, 33, 64, 255, 1 << 16, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 62,
            1 << 63, .max, .max - 31,
        ]
        let size = random.pick([1, 4, 8])
        guard bytes.count > 32 + size else { return }
        // Most numbers stand in the header's first kilobytes.
        let place = 4 + random.below(min(bytes.count - 4 - size, 3000))
        withUnsafeBytes(of: random.pick(numbers).littleEndian) { number in
            for i in 0..<size { bytes[place + i] = number[i] }
        }
    }
}
