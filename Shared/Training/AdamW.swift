// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// Adam with decoupled weight decay on every trained parameter (Loshchilov and Hutter 2019), as torch.optim.AdamW.
///
/// Holds both moments beside the parameters it trains; gradients are clipped before the moments see them.
public struct AdamW: Sendable {
    public let beta1: Double
    public let beta2: Double
    public let epsilon: Double
    public let weightDecay: Double
    /// Running mean of gradients, laid out as the parameters.
    public internal(set) var firstMoments: ParameterSet
    /// Running mean of squared gradients.
    public internal(set) var secondMoments: ParameterSet
    /// Steps taken so far.
    public internal(set) var step: Int

    /// An optimizer that has taken no step; throws if the memory for the moments is refused.
    public init(recipe: TrainingRecipe, layout: ParameterLayout) throws {
        beta1 = recipe.beta1
        beta2 = recipe.beta2
        epsilon = recipe.epsilon
        weightDecay = recipe.weightDecay
        firstMoments = try ParameterSet(zeros: layout)
        secondMoments = try ParameterSet(zeros: layout)
        step = 0
    }

    /// One step on `parameters` in place; `gradients` times `gradientScale` is what the moments see.
    ///
    /// - Parameters:
    ///   - shards: what is updated; the moments hold these numbers one after the other. Nil: everything.
    ///   - onShard: is called after each shard with its number and the memory of all parameters.
    public mutating func update(
        _ parameters: inout ParameterSet, gradients: ParameterSet, learningRate: Double, gradientScale: Double,
        shards: [Range<Int>]? = nil, onShard: (Int, UnsafeMutablePointer<Float>) -> Void = { _, _ in }
    ) {
        step += 1
        let coefficients = AdamWCoefficients(
            learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay,
            step: step, gradientScale: gradientScale)
        parameters.withUnsafeMutableValues { parameters in
            firstMoments.withUnsafeMutableValues { first in
                secondMoments.withUnsafeMutableValues { second in
                    gradients.withUnsafeValues { gradients in
                        guard let p = parameters.baseAddress, let g = gradients.baseAddress,
                            let m = first.baseAddress, let v = second.baseAddress
                        else { return }
                        var place = 0
                        for (number, shard) in (shards ?? [0..<parameters.count]).enumerated() {
                            let at = shard.lowerBound
                            Kernels.adamW(
                                parameters: p + at, gradients: g + at, firstMoments: m + place,
                                secondMoments: v + place, count: shard.count, coefficients)
                            place += shard.count
                            onShard(number, p)
                        }
                    }
                }
            }
        }
    }
}
