// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Glibc

extension Kernels {
    /// One AdamW step on `count` elements in place (Loshchilov and Hutter 2019, PyTorch's order of operations):
    /// p ← p·(1 − lr·decay) − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + ε).
    public static func adamW(
        parameters: UnsafeMutablePointer<Float>, gradients: UnsafePointer<Float>,
        firstMoments: UnsafeMutablePointer<Float>, secondMoments: UnsafeMutablePointer<Float>, count: Int,
        _ c: AdamWCoefficients
    ) {
        let coefficients = ck_adamw_coefficients(
            gradient_scale: Float(c.gradientScale), decay_factor: Float(1 - c.learningRate * c.weightDecay),
            one_minus_beta1: Float(1 - c.beta1), beta2: Float(c.beta2), one_minus_beta2: Float(1 - c.beta2),
            step_size: Float(c.learningRate / (1 - pow(c.beta1, Double(c.step)))),
            bias2_square_root: Float((1 - pow(c.beta2, Double(c.step))).squareRoot()), epsilon: Float(c.epsilon))
        pool.parallel(count, grain: 1 << 15) { range in
            let at = range.lowerBound
            ck_adamw(
                parameters + at, gradients + at, firstMoments + at, secondMoments + at, range.count, coefficients)
        }
    }
}
