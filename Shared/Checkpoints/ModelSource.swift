// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import FoundationEssentials
public import Llama
import Tokenization

/// A model as its files hold it: a folder with config.json, or one GGUF file (alone in a folder, or by its own path).
public struct ModelSource {
    /// The dimensions.
    public let configuration: LlamaConfiguration
    /// The folder whose tokenizer and settings go with the model; nil for a GGUF file, which holds its own.
    public let folder: URL?
    let tensors: any CheckpointTensors
    let vocabulary: GGUFVocabulary?

    /// Opens the files and checks that they hold the model they claim. Reads no weights.
    public init(_ url: URL) throws {
        if FileManager.default.fileExists(atPath: url.appending(path: "config.json").path) {
            configuration = try LlamaCheckpoint.configuration(url)
            tensors = try LlamaCheckpoint.tensors(url, configuration)
            folder = url
            vocabulary = try Self.reading { try GGUFVocabulary(folder: url) }
        } else {
            let model = try LlamaGGUF(Self.file(url))
            configuration = model.configuration
            tensors = model
            folder = nil
            vocabulary = try Self.reading { try GGUFVocabulary(model.file) }
        }
        try tensors.check(LlamaWeights.entries(of: configuration), tied: configuration.tieWordEmbeddings)
    }

    /// Runs `body`; what is wrong with a tokenizer is wrong with the model's files.
    static func reading<R>(_ body: () throws -> R) throws -> R {
        do { return try body() } catch let error as TokenizationError {
            throw CheckpointError(error.code == .unsupported ? .unsupported : .malformed, error.description)
        }
    }

    /// The GGUF file that a path names: itself, or the only one in the folder.
    private static func file(_ url: URL) throws -> URL {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw CheckpointError(.unreadable, "\(url.path) does not exist; name a model folder or a GGUF file")
        }
        guard isFolder else { return url }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path).filter { $0.hasSuffix(".gguf") }
        guard names.count == 1 else {
            throw CheckpointError(
                .unreadable,
                "\(url.path) has no config.json and \(names.count) GGUF files; name a model folder or one GGUF file")
        }
        return url.appending(path: names[0])
    }
}
