// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

public import Tensors

/// Scales all gradients together so that their global norm stays within a limit, as torch's clip_grad_norm_.
public enum GradientClipping {
    /// The square root of the sum of squares over every gradient; the same whatever the number of threads.
    public static func norm(of gradients: ParameterSet) -> Double {
        gradients.withUnsafeValues { values in
            guard let base = values.baseAddress else { return 0 }
            return Kernels.sumOfSquares(base, count: values.count).squareRoot()
        }
    }

    /// What to multiply gradients of this norm by: min(1, limit / (norm + 1e-6)); 1 where the limit is 0.
    public static func coefficient(norm: Double, limit: Double) -> Double {
        limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
    }
}
