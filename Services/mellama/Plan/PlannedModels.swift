// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Llama
import Messages

/// The dimensions of the models that a recipe names, before any is made.
struct PlannedModels: Sendable {
    let recipe: Recipe
    /// Where the recipe's relative paths start.
    let folder: String

    /// Stated in the recipe, read from a folder, or those of the stage it comes from; nil where that can't be known.
    func configuration(_ model: JSONValue?) -> LlamaConfiguration? { configuration(model, depth: 0) }

    /// Bytes of a base that stays in the blocks of its files; nil where weights are in float32, or that can't be known.
    func keptBytes(_ model: JSONValue?) -> Int? { keptBytes(model, depth: 0) }

    private func keptBytes(_ model: JSONValue?, depth: Int) -> Int? {
        guard let text = model?.stringValue, depth < Recipe.maximumStages else { return nil }
        switch DataReference(text) {
        case .artifact: return nil
        case .path(let path):
            return (try? LlamaCheckpoint.keptBytes(URL(filePath: LocalPath.absolute(path, from: folder)))) ?? nil
        case .stage(let reference):
            guard let maker = recipe.stages[reference.stage] else { return nil }
            switch maker.kind {
            case .modelImport, .modelQuantize, .modelExport:
                guard
                    let payload = try? MessageDecoder(policy: .lenient).decode(ConvertModel.self, from: maker.payload),
                    let format = WeightFormat(rawValue: payload.settings(for: maker.kind).dtype.rawValue),
                    let dimensions = configuration(maker.payload["model"])
                else { return nil }
                return ModelConversion.keptBytes(dimensions, format)
            case .trainPretrain, .trainTune, .trainSupervised:
                // What trained an adapter gives its base on.
                return keptBytes(maker.payload["model"], depth: depth + 1)
            default: return nil
            }
        }
    }

    /// The settings of the adapter that a training starts from; nil where that can't be known.
    func adapter(_ adapter: JSONValue?) -> LoRAConfiguration? {
        guard let text = adapter?.stringValue, case .path(let path) = DataReference(text) else { return nil }
        return try? AdapterCheckpoint.configuration(URL(filePath: LocalPath.absolute(path, from: folder)))
    }

    private func configuration(_ model: JSONValue?, depth: Int) -> LlamaConfiguration? {
        guard let model, depth < Recipe.maximumStages else { return nil }
        if let stated = model["configuration"] {
            return (try? MessageEncoder.encode(stated)).flatMap { try? LlamaCheckpoint.configuration($0) }
        }
        guard let text = model.stringValue else { return nil }
        switch DataReference(text) {
        case .artifact: return nil
        case .path(let path):
            return try? LlamaCheckpoint.configuration(URL(filePath: LocalPath.absolute(path, from: folder)))
        case .stage(let reference):
            return configuration(recipe.stages[reference.stage]?.payload["model"], depth: depth + 1)
        }
    }
}
