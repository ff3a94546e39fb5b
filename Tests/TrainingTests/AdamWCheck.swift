// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@testable import Training

/// Runs the optimizer over given gradients and compares parameters and moments after every step.
enum AdamWCheck {
    typealias Step = (gradient: [Double], parameter: [Double], first: [Double], second: [Double])

    static func set(_ values: [Double]) throws -> ParameterSet {
        var set = try ParameterSet(zeros: ParameterLayout([(name: "values", shape: [values.count])]))
        set.withUnsafeMutableValues { for i in $0.indices { $0[i] = Float(values[i]) } }
        return set
    }

    static func run(
        learningRate: Double, weightDecay: Double, beta1: Double, beta2: Double, epsilon: Double, start: [Double],
        tolerance: Double, steps: [Step]
    ) throws {
        var overrides = TrainingRecipe.Overrides()
        (overrides.beta1, overrides.beta2, overrides.epsilon) = (beta1, beta2, epsilon)
        overrides.weightDecay = weightDecay
        var parameters = try set(start)
        var optimizer = try AdamW(
            recipe: TrainingRecipe(stage: .pretrain, overrides: overrides), layout: parameters.layout)
        #expect(!steps.isEmpty)
        for step in steps {
            optimizer.update(
                &parameters, gradients: try set(step.gradient), learningRate: learningRate, gradientScale: 1)
            compare(parameters, step.parameter, tolerance)
            compare(optimizer.firstMoments, step.first, tolerance)
            compare(optimizer.secondMoments, step.second, tolerance)
        }
    }

    /// The largest difference relative to the largest expected value.
    static func compare(_ ours: ParameterSet, _ expected: [Double], _ tolerance: Double) {
        let values = ours.withUnsafeValues { $0.map(Double.init) }
        #expect(values.count == expected.count)
        let largest = expected.map(abs).max() ?? 0
        for (value, golden) in zip(values, expected) {
            #expect(abs(value - golden) <= tolerance * largest)
        }
    }
}
