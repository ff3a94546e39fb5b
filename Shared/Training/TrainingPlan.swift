// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Which samples each step of a run learns from: a function of counts and seed, so that any step can be found again.
///
/// A step takes up to microBatch · accumulation · ranks samples of one epoch; the last step of an epoch takes what is left.
/// Its micro-batches go round the ranks, so the plan is the same however ranks and accumulation share their product.
public struct TrainingPlan: Sendable, Hashable {
    public let sampleCount: Int
    public let microBatch: Int
    public let accumulation: Int
    public let ranks: Int
    public let stepsPerEpoch: Int
    public let totalSteps: Int

    public init(sampleCount: Int, recipe: TrainingRecipe) {
        self.sampleCount = sampleCount
        microBatch = recipe.microBatch
        accumulation = recipe.accumulation
        ranks = recipe.ranks
        let window = recipe.microBatch * recipe.accumulation * recipe.ranks
        stepsPerEpoch = max(1, (sampleCount + window - 1) / window)
        totalSteps = recipe.maxSteps ?? (recipe.epochs ?? 1) * stepsPerEpoch
    }

    /// The epoch of a step and the places in that epoch's order that it covers; steps count from 0.
    public func window(of step: Int) -> (epoch: Int, places: Range<Int>) {
        let window = microBatch * accumulation * ranks
        let first = (step % stepsPerEpoch) * window
        return (step / stepsPerEpoch, first..<min(first + window, sampleCount))
    }

    /// A window's places cut into micro-batches.
    public func microBatches(of places: Range<Int>) -> [Range<Int>] {
        stride(from: places.lowerBound, to: places.upperBound, by: microBatch)
            .map { $0..<min($0 + microBatch, places.upperBound) }
    }
}
