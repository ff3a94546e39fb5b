// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@Suite("Matrix products equal plain loops, whatever the split")
struct MatrixTests {
    @Test(
        "every transposition and shape, with strides, accumulated or not",
        arguments: [(1, 1, 1), (3, 5, 7), (17, 33, 65), (64, 300, 48), (300, 40, 96), (130, 129, 257)])
    func products(_ m: Int, _ n: Int, _ k: Int) {
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
            let (lda, ldb, ldc) = ((transposeA ? m : k) + 3, (transposeB ? k : n) + 2, n + 1)
            let a = numbers((transposeA ? k : m) * lda, seed: 1)
            let b = numbers((transposeB ? n : k) * ldb, seed: 2)
            for beta: Float in [0, 1] {
                let start = numbers(m * ldc, seed: 3)
                var c = beta == 0 ? start.map { _ in Float.nan } : start
                BLAS.gemm(transposeA, transposeB, m, n, k, 0.5, a, lda, b, ldb, beta, &c, ldc)
                var worst = 0.0
                for row in 0..<m {
                    for column in 0..<n {
                        var sum = 0.0
                        for index in 0..<k {
                            let left = transposeA ? a[index * lda + row] : a[row * lda + index]
                            let right = transposeB ? b[column * ldb + index] : b[index * ldb + column]
                            sum += Double(left) * Double(right)
                        }
                        let want = 0.5 * sum + Double(beta == 0 ? 0 : start[row * ldc + column])
                        worst = max(worst, abs(Double(c[row * ldc + column]) - want))
                    }
                }
                #expect(worst < 1e-5 * Double(k).squareRoot())
            }
        }
    }

    @Test("a few rows take the path that reads the weights once", arguments: [1, 2, 4, 5, 9])
    func linear(_ rows: Int) {
        let (out, depth) = (70, 50)
        let (x, w) = (numbers(rows * depth, seed: 1), numbers(out * depth, seed: 2))
        for accumulate in [false, true] {
            var y = [Float](repeating: accumulate ? 2 : .nan, count: rows * out)
            BLAS.linear(
                x, stride: depth, rows: rows, w, out: out, in: depth, into: &y, stride: out, accumulate: accumulate)
            for row in 0..<rows {
                for column in 0..<out {
                    let sum = (0..<depth).reduce(accumulate ? 2.0 : 0.0) {
                        $0 + Double(x[row * depth + $1]) * Double(w[column * depth + $1])
                    }
                    #expect(abs(Double(y[row * out + column]) - sum) < 1e-4)
                }
            }
        }
    }

    @Test("the library says what it computes with")
    func description() {
        #expect(BLAS.description.hasPrefix("OpenBLAS "))
        #expect(BLAS.description.contains(BLAS.coreName))
        if let forced = BLAS.forcedCore { #expect(BLAS.description.contains(forced)) }
        #expect(!(BLAS.isHeldBack && BLAS.forcedCore == nil))
    }
}

/// Numbers in ±1 from a seed.
func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var generator = Xoshiro256(seed: seed)
    return (0..<count).map { _ in Float(generator.nextUniform() * 2 - 1) }
}
