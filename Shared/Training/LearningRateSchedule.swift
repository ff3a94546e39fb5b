// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// The learning rate of every step, as Hugging Face's schedules define it.
///
/// The rate climbs linearly from 0: with a warm-up the first step has rate 0 and changes no parameter. After the
/// warm-up it stays, falls in a straight line, or follows half a cosine, to reach 0 one step after the last.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    public let shape: TrainingRecipe.Schedule
    public let peak: Double
    public let warmupSteps: Int
    public let totalSteps: Int

    public init(shape: TrainingRecipe.Schedule, peak: Double, warmupSteps: Int, totalSteps: Int) {
        self.shape = shape
        self.peak = peak
        self.warmupSteps = warmupSteps
        self.totalSteps = totalSteps
    }

    /// The schedule of a recipe over `totalSteps`; a warm-up ratio gives ceil(ratio · total) steps.
    public init(recipe: TrainingRecipe, totalSteps: Int) {
        let ratio = recipe.warmupRatio ?? 0
        let warmup = recipe.warmupSteps ?? Int((Double(totalSteps) * ratio).rounded(.up))
        self.init(shape: recipe.schedule, peak: recipe.learningRate, warmupSteps: warmup, totalSteps: totalSteps)
    }

    /// The rate used by the step of this index, counted from 0.
    public func rate(at step: Int) -> Double {
        peak * factor(at: step)
    }

    private func factor(at step: Int) -> Double {
        if step < warmupSteps { return Double(step) / Double(max(1, warmupSteps)) }
        let span = Double(max(1, totalSteps - warmupSteps))
        switch shape {
        case .constant: return 1
        case .linear: return max(0, Double(totalSteps - step) / span)
        case .cosine: return max(0, 0.5 * (1 + cos(Double.pi * (Double(step - warmupSteps) / span))))
        }
    }
}
