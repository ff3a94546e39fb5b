// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Files
import Foundation
public import Llama

/// What every rank of a run is told: a file on the volume that they share. All paths are absolute.
public struct RankPlan: Codable, Sendable {
    /// What the run starts from.
    public enum Model: Codable, Sendable {
        /// A model folder.
        case folder(String)
        /// Random weights.
        case random(LlamaConfiguration, seed: UInt64)

        /// The model in memory: under an adapter, which may be begun, weights in blocks are kept in them.
        public func load(for recipe: TrainingRecipe, adapter: String? = nil) throws -> LlamaModel {
            let weights =
                switch self {
                case .folder(let path):
                    try recipe.lora == nil
                        ? LlamaCheckpoint.load(URL(filePath: path)) : LlamaCheckpoint.loadBase(URL(filePath: path))
                case .random(let configuration, let seed): try LlamaWeights(random: configuration, seed: seed)
                }
            let adapter = try adapter.map {
                try AdapterCheckpoint.load(URL(filePath: $0), for: weights.configuration)
            }
            return try LlamaModel(weights, adapter: adapter)
        }
    }

    public var recipe: TrainingRecipe
    public var model: Model
    /// The folder of the adapter that the run starts from, if it does not start a new one.
    public var adapter: String?
    /// A dataset folder or a JSON Lines file of tokens.
    public var dataset: String
    /// Held-out datasets by domain.
    public var heldOut: [String: String]
    /// The folder of the run's checkpoints.
    public var checkpoints: String
    /// Where rank 0 leaves the model, or the adapter, when the run is complete.
    public var result: String
    /// How the adapter's configuration names its base.
    public var base: String?

    public init(
        recipe: TrainingRecipe, model: Model, adapter: String? = nil, dataset: String, heldOut: [String: String] = [:],
        checkpoints: String, result: String, base: String? = nil
    ) {
        self.recipe = recipe
        self.model = model
        self.adapter = adapter
        self.dataset = dataset
        self.heldOut = heldOut
        self.checkpoints = checkpoints
        self.result = result
        self.base = base
    }

    /// Reads a plan's file.
    public init(path: String) throws {
        let bytes = try MappedFile.contents(path: path, largest: 1 << 24)
        self = try JSONDecoder().decode(RankPlan.self, from: Data(bytes))
    }

    /// Publishes the plan as a file, and forgets what ranks of an earlier attempt failed of.
    public func write(to path: String) throws {
        for rank in 0..<recipe.ranks { try? FileManager.default.removeItem(atPath: Self.failure(of: rank, path)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try PublishedFile.write([UInt8](encoder.encode(self)), to: path)
    }

    /// The failure of the lowest rank that left one beside the plan's file.
    public func failure(path: String) -> (rank: Int, failure: RunFailure)? {
        for rank in 0..<recipe.ranks {
            guard let bytes = FileManager.default.contents(atPath: Self.failure(of: rank, path)),
                let failure = try? JSONDecoder().decode(RunFailure.self, from: bytes)
            else { continue }
            return (rank, failure)
        }
        return nil
    }

    /// Where rank 0 leaves the model, or the adapter, after a step at which it is published.
    public func published(_ step: Int) -> String { "\(result)-\(step)" }

    /// Where a rank says what it failed of.
    static func failure(of rank: Int, _ path: String) -> String { "\(path).rank-\(rank).failed" }

    func save(_ model: LlamaModel, to path: String) throws {
        let folder = URL(filePath: path, directoryHint: .isDirectory)
        try? FileManager.default.removeItem(at: folder)
        if let adapter = model.adapter { return try AdapterCheckpoint.save(adapter, to: folder, base: base) }
        try LlamaCheckpoint.save(model.weights, to: folder)
    }
}
