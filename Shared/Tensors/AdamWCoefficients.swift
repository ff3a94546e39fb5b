// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// One AdamW step's numbers, as the recipe names them.
public struct AdamWCoefficients: Sendable {
    /// The step's learning rate.
    public var learningRate: Double
    /// Decay of the first moment.
    public var beta1: Double
    /// Decay of the second moment.
    public var beta2: Double
    /// Added to the denominator.
    public var epsilon: Double
    /// Decoupled weight decay.
    public var weightDecay: Double
    /// The step, counted from 1, for the bias corrections.
    public var step: Int
    /// Multiplies gradients first: the clipping coefficient.
    public var gradientScale: Double

    /// The coefficients of step `step` (from 1).
    public init(
        learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double, step: Int,
        gradientScale: Double = 1
    ) {
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.weightDecay = weightDecay
        self.step = step
        self.gradientScale = gradientScale
    }
}
