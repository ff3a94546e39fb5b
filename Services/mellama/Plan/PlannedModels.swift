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
