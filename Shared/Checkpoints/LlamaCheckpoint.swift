// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Llama
import Tensors

/// A model folder in the Hugging Face layout: config.json and safetensors, whole or sharded, or `model.gguf` in their
/// place.
public enum LlamaCheckpoint {
    /// The model's dimensions, from config.json in `folder`.
    ///
    /// Throws `unreadable`, `malformed`, or a `LlamaError` naming the field that is not supported.
    public static func configuration(_ folder: URL) throws -> LlamaConfiguration {
        let url = folder.appending(path: "config.json")
        let data = Data(try MappedFile.contents(path: url.path, largest: 1 << 20))
        return try configuration(data, name: url.path)
    }

    /// The model's dimensions, from the bytes of a config.json that errors call `name`.
    public static func configuration(_ data: Data, name: String = "config.json") throws -> LlamaConfiguration {
        do {
            return try JSONDecoder().decode(LlamaConfiguration.self, from: data)
        } catch let error as LlamaError {
            throw LlamaError(
                error.code, error.description.replacing("config.json", with: name, maxReplacements: 1))
        } catch {
            throw CheckpointError(.malformed, "\(name): \(SafetensorsHeader.reason(error))")
        }
    }

    /// Reads the model in `folder`, converting its weights to float32.
    ///
    /// Throws errors that name the file and tensor: missing, unexpected, or of another shape (both shapes are given).
    public static func load(_ folder: URL) throws -> LlamaWeights {
        let configuration = try configuration(folder)
        let tensors = try tensors(folder, configuration)
        // Before any memory is taken: what config.json claims must be what the files hold.
        let expected = LlamaWeights.entries(of: configuration)
        try tensors.check(expected, tied: configuration.tieWordEmbeddings)
        var weights = try LlamaWeights(zeros: configuration)
        let entries = weights.entries
        try weights.parameters.withUnsafeMutableValues { all in
            for entry in entries {
                let target = UnsafeMutableBufferPointer(rebasing: all[entry.range])
                try tensors.read(entry.name, shape: entry.shape, into: target)
            }
        }
        return weights
    }

    /// Reads the model in `folder` as the base of an adapter: matrices in quantised blocks are kept in them, and with them all
    /// others in their own types; a model without is converted to float32 as by ``load(_:)``.
    public static func loadBase(_ folder: URL) throws -> LlamaWeights {
        guard try keptBytes(folder) != nil else { return try load(folder) }
        return try LlamaWeights(keeping: CheckpointWeights(folder))
    }

    /// Bytes of the weights as ``loadBase(_:)`` keeps them; nil where it converts them to float32.
    public static func keptBytes(_ folder: URL) throws -> Int? {
        guard let file = quantizedFile(folder) else { return nil }
        return try LlamaGGUF(file, configuration: configuration(folder)).keptBytes
    }

    /// The name of a model folder's weights where they are not safetensors.
    public static let quantizedName = "model.gguf"

    /// The path of a folder's `model.gguf`, if that is where its weights are.
    public static func quantizedFile(_ folder: URL) -> URL? {
        let url = folder.appending(path: quantizedName)
        let others = ["model.safetensors", "model.safetensors.index.json"]
        guard FileManager.default.fileExists(atPath: url.path),
            !others.contains(where: { FileManager.default.fileExists(atPath: folder.appending(path: $0).path) })
        else { return nil }
        return url
    }

    /// The weights in a folder's files.
    static func tensors(_ folder: URL, _ configuration: LlamaConfiguration) throws -> any CheckpointTensors {
        if let file = quantizedFile(folder) { return try LlamaGGUF(file, configuration: configuration) }
        return try CheckpointShards(folder)
    }
}
