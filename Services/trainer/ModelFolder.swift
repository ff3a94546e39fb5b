// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Messages
import ServiceRuntime
import Training

/// Models as the payloads name them: Hugging Face folders, or a configuration to start from nothing with.
enum ModelFolder {
    /// What makes a tokenizer; training copies what is there along with the weights.
    private static let tokenizerFiles = [
        "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    ]

    /// Where a run finds the model, with no reference left to resolve.
    static func start(_ reference: ModelReference, _ context: JobContext) throws -> RankPlan.Model {
        switch reference {
        case .stored(let data): .folder(try context.resolve(data))
        case .fresh(_, let seed, _): .random(try configuration(reference, context), seed: seed)
        case .remote: throw isRemote
        }
    }

    /// The model's dimensions, without its weights.
    static func configuration(_ reference: ModelReference, _ context: JobContext) throws -> LlamaConfiguration {
        switch reference {
        case .stored(let data):
            return try LlamaCheckpoint.configuration(URL(filePath: try context.resolve(data)))
        case .remote: throw isRemote
        case .fresh(let configuration, _, _):
            return try LlamaCheckpoint.configuration(
                MessageEncoder.encode(configuration), name: "payload.model.configuration")
        }
    }

    /// Bytes of the weights where they are kept in blocks under an adapter; nil in float32.
    static func keptBytes(_ reference: ModelReference, _ context: JobContext) throws -> Int? {
        guard case .stored(let data) = reference else { return nil }
        return try LlamaCheckpoint.keptBytes(URL(filePath: try context.resolve(data)))
    }

    private static let isRemote = JobFailure.badInput(
        "payload.model: a remote model has no weights here; name a model of this stack")

    /// The base model's name as an adapter's configuration records it.
    static func name(of reference: ModelReference) -> String? {
        if case .stored(let data) = reference { data.text } else { nil }
    }

    /// The folders that may hold the model's tokenizer, the surest first.
    static func tokenizerFolders(
        _ reference: ModelReference, dataset: DataReference?, _ context: JobContext
    ) throws -> [URL] {
        var places: [DataReference] = []
        switch reference {
        case .stored(let data): places.append(data)
        case .fresh(_, _, let tokenizer): places += [tokenizer].compactMap { $0 }
        case .remote: throw isRemote
        }
        places += [dataset].compactMap { $0 }
        return try places.map { place in
            let url = URL(filePath: try context.resolve(place))
            return url.hasDirectoryPath || isFolder(url) ? url : url.deletingLastPathComponent()
        }
    }

    /// Copies the first folder's tokenizer that there is; a model without one serves requests given as ids.
    static func copyTokenizer(from folders: [URL], to folder: URL) throws {
        for source in folders {
            let files = tokenizerFiles.filter {
                FileManager.default.fileExists(atPath: source.appending(path: $0).path)
            }
            guard !files.isEmpty else { continue }
            for file in files {
                try FileManager.default.copyItem(at: source.appending(path: file), to: folder.appending(path: file))
            }
            return
        }
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isDirectory) && isDirectory.boolValue
    }
}
