// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// What makes two runs the same run: recipe, data and the model they start from.
struct RunIdentity: Codable, Sendable, Hashable {
    let recipe: TrainingRecipe
    /// A fingerprint of every id and label of the dataset.
    let dataset: String
    /// A fingerprint of the configuration and the weights at the start.
    let model: String

    /// Why a checkpoint of `other` cannot be continued by this run, or nil where it can.
    ///
    /// How often a run checkpoints, evaluates and publishes, and when it gives up, changes no weight: those may differ.
    func difference(from other: RunIdentity) -> String? {
        if dataset != other.dataset { return "it was made with another dataset" }
        if model != other.model { return "it was made from another model" }
        var theirs = other.recipe
        theirs.checkpointEvery = recipe.checkpointEvery
        theirs.evaluateEvery = recipe.evaluateEvery
        theirs.publishEvery = recipe.publishEvery
        theirs.spikeDeviations = recipe.spikeDeviations
        // Ranks and accumulation share the micro-batches of a step: only their product matters.
        if theirs.ranks * theirs.accumulation == recipe.ranks * recipe.accumulation {
            (theirs.ranks, theirs.accumulation) = (recipe.ranks, recipe.accumulation)
        }
        guard theirs != recipe else { return nil }
        let fields = Self.differingFields(recipe, theirs).map { "recipe.\($0)" }.joined(separator: ", ")
        return "it was made with another value of \(fields.isEmpty ? "the recipe" : fields)"
    }

    /// A fingerprint of everything, as numbers that a `Double` holds exactly.
    func digest() throws -> [Double] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var digest = ContentDigest()
        try encoder.encode(self).withUnsafeBytes { digest.update($0) }
        let digits = Array(digest.text)
        return stride(from: 0, to: digits.count, by: 8).map {
            Double(UInt32(String(digits[$0..<$0 + 8]), radix: 16) ?? 0)
        }
    }

    private static func differingFields(_ first: TrainingRecipe, _ second: TrainingRecipe) -> [String] {
        func fields(_ recipe: TrainingRecipe) -> [String: String] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            guard let data = try? encoder.encode(recipe),
                let object = try? JSONDecoder().decode([String: JSONFragment].self, from: data)
            else { return [:] }
            return object.mapValues(\.text)
        }
        let (mine, theirs) = (fields(first), fields(second))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }
}

/// Any value of a recipe as comparable text.
private struct JSONFragment: Decodable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Double.self) {
            text = number.description
        } else if let flag = try? value.decode(Bool.self) {
            text = flag.description
        } else if let string = try? value.decode(String.self) {
            text = string
        } else if let list = try? value.decode([JSONFragment].self) {
            text = list.map(\.text).joined(separator: ",")
        } else if let object = try? value.decode([String: JSONFragment].self) {
            text = object.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }.joined(separator: ";")
        } else {
            text = "null"
        }
    }
}
