// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// What this machine's matrix products reach: the peak that a run's utilization is a share of.
public enum ComputeCeiling {
    private static let side = 2048
    private static let float32 = measure(.float32, rounds: 3)
    private static let bfloat16 = measure(.bfloat16, rounds: 3)

    /// Operations a second of one product of 2048 × 2048 × 2048 on all compute threads, the best of three.
    ///
    /// Measured at the first call of the process for each precision, which takes some tenths of a second.
    public static func operationsPerSecond(_ precision: TrainingRecipe.Precision) -> Double {
        precision == .bfloat16 ? bfloat16 : float32
    }

    /// The same, measured now: the best of `rounds`.
    public static func measure(_ precision: TrainingRecipe.Precision, rounds: Int) -> Double {
        let n = side
        var product = [Float](repeating: 0, count: n * n)
        if precision == .bfloat16 {
            let values = [UInt16](repeating: 0x3F00, count: n * n)
            var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: n, columns: n))
            return memory.withUnsafeMutableBufferPointer { memory in
                guard let base = memory.baseAddress else { return 0 }
                let packed = PackedMatrix(depth: n, columns: n, in: base)
                packed.pack(.columns, [Float](repeating: 0.5, count: n * n), stride: n)
                return best(of: rounds) {
                    BFloat16Product.multiply(values, stride: n, rows: n, packed, into: &product, stride: n)
                }
            }
        }
        let values = [Float](repeating: 0.5, count: n * n)
        return best(of: rounds) { BLAS.gemm(false, true, n, n, n, 1, values, n, values, n, 0, &product, n) }
    }

    private static func best(of rounds: Int, _ multiply: () -> Void) -> Double {
        var seconds = Double.infinity
        for _ in 0..<rounds {
            let start = ContinuousClock.now
            multiply()
            seconds = min(seconds, (ContinuousClock.now - start) / .seconds(1))
        }
        return 2 * Double(side * side * side) / seconds
    }
}
