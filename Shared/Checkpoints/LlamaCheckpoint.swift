// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
public import FoundationEssentials
public import Llama
import Tensors

/// A model folder in the Hugging Face layout: config.json and safetensors, whole or sharded.
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
        let shards = try CheckpointShards(folder)
        // Before any memory is taken: what config.json claims must be what the files hold.
        let expected = LlamaWeights.entries(of: configuration)
        try shards.check(expected, tied: configuration.tieWordEmbeddings)
        var weights = try LlamaWeights(zeros: configuration)
        let entries = weights.entries
        try weights.parameters.withUnsafeMutableValues { all in
            for entry in entries {
                let target = UnsafeMutableBufferPointer(rebasing: all[entry.range])
                try shards.file(of: entry.name).read(entry.name, shape: entry.shape, into: target)
            }
        }
        return weights
    }
}
