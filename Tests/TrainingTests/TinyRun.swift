// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Corpora
import Foundation
import Llama
import Tensors
import Training

/// A small model, a small dataset and a folder for checkpoints: everything a test of the trainer needs.
struct TinyRun {
    static let vocabulary = 40

    static func weights(seed: UInt64 = 7, context: Int = 32) throws -> LlamaWeights {
        try LlamaWeights(
            random: LlamaConfiguration(
                vocabularySize: vocabulary, hiddenSize: 32, intermediateSize: 48, layerCount: 2, headCount: 4,
                keyValueHeadCount: 2, maxPositions: context, initializerRange: 0.1), seed: seed)
    }

    static func model(seed: UInt64 = 7) throws -> LlamaModel { try LlamaModel(weights(seed: seed)) }

    /// Rows of unequal length that a model can learn: each counts up from a random start.
    static func dataset(rows: Int = 22, seed: UInt64 = 5) throws -> TokenDataset {
        var generator = Xoshiro256(seed: seed)
        return try TokenDataset(
            rows: (0..<rows).map { _ in
                let length = 6 + Int(generator.next() % 15)
                let start = Int32(generator.next() % UInt64(vocabulary))
                let ids = (0..<Int32(length)).map { (start + $0) % Int32(vocabulary) }
                let masked = Int(generator.next() % 3)
                return TokenSequence(ids: ids, labels: ids.enumerated().map { $0 < masked ? -100 : $1 })
            })
    }

    /// 22 rows in windows of six: four steps an epoch, the last of four rows.
    static func recipe(
        epochs: Int = 2, checkpointEvery: Int = 2, dropout: Double? = nil,
        _ change: (inout TrainingRecipe.Overrides) -> Void = { _ in }
    ) throws -> TrainingRecipe {
        var overrides = TrainingRecipe.Overrides()
        overrides.learningRate = 5e-3
        overrides.epochs = epochs
        overrides.warmupRatio = 0.1
        (overrides.microBatch, overrides.accumulation) = (2, 3)
        overrides.checkpointEvery = checkpointEvery
        overrides.seed = 3
        if let dropout {
            overrides.lora = .init(rank: 4, alpha: 8, dropout: dropout, targets: TrainingRecipe.projections)
        }
        change(&overrides)
        return try TrainingRecipe(stage: .pretrain, overrides: overrides)
    }

    /// The bytes of what is trained.
    static func bytes(_ model: LlamaModel) -> [UInt32] {
        (model.adapter?.parameters ?? model.weights.parameters).withUnsafeValues { $0.map(\.bitPattern) }
    }

    /// Calls `body` with a folder that is gone afterwards.
    static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appending(path: "training-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }
}
