// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

/// Sizes around the widths of vectors and their unrolled loops, and one beyond a block of the sums.
private let sizes = [1, 2, 7, 15, 16, 17, 31, 64, 65, 127, 300, 1000, 5000]

/// Whether two results agree to `tolerance` of the largest expected magnitude.
private func close(_ got: [Float], _ want: [Float], _ tolerance: Float = 2e-6) -> Bool {
    let largest = want.map(abs).max() ?? 0
    return zip(got, want).allSatisfy { abs($0 - $1) <= tolerance * max(largest, 1e-20) }
}

@Suite("Fast kernels equal plain loops in double precision")
struct KernelTests {
    @Test("RMSNorm and its gradients", arguments: sizes)
    func norm(_ width: Int) {
        let rows = 3
        let (x, weight) = (numbers(rows * width, seed: 1), numbers(width, seed: 2))
        var (y, inverse) = ([Float](repeating: 0, count: rows * width), [Float](repeating: 0, count: rows))
        var (wantY, wantInverse) = (y, inverse)
        ck_rms_norm(x, weight, &y, &inverse, rows, width, 1e-5)
        ck_reference_rms_norm(x, weight, &wantY, &wantInverse, rows, width, 1e-5)
        #expect(close(y, wantY) && close(inverse, wantInverse))
        let dy = numbers(rows * width, seed: 3)
        var (dx, dw) = (numbers(rows * width, seed: 4), numbers(width, seed: 5))
        var (wantDx, wantDw) = (dx, dw)
        ck_rms_norm_backward(x, weight, inverse, dy, &dx, &dw, rows, width)
        ck_reference_rms_norm_backward(x, weight, dy, &wantDx, &wantDw, rows, width, 1e-5)
        #expect(close(dx, wantDx, 5e-6) && close(dw, wantDw, 5e-6))
    }

    @Test("rotary embedding, forth and back", arguments: [1, 2, 3, 8, 16, 24, 32, 64])
    func rope(_ half: Int) {
        let (rows, heads, stride) = (3, 2, 2 * 2 * half + 5)
        let (cosine, sine) = (numbers(rows * half, seed: 1, scale: 1), numbers(rows * half, seed: 2, scale: 1))
        let start = numbers(rows * stride, seed: 3)
        for sign: Float in [1, -1] {
            var (x, want) = (start, start)
            ck_rope(&x, stride, cosine, sine, rows, heads, half, sign)
            ck_reference_rope(&want, stride, cosine, sine, rows, heads, half, sign)
            #expect(close(x, want, 5e-7))
            #expect(x != start)
        }
    }

    @Test("gated activation and its gradients", arguments: sizes)
    func swiglu(_ n: Int) {
        // Wide enough that the exponential saturates at both ends.
        let (gate, up, dy) = (numbers(n, seed: 1, scale: 100), numbers(n, seed: 2), numbers(n, seed: 3))
        var (y, want) = ([Float](repeating: 0, count: n), [Float](repeating: 0, count: n))
        ck_swiglu(gate, up, &y, n)
        ck_reference_swiglu(gate, up, &want, n)
        #expect(close(y, want))
        var (dgate, dup, wantGate, wantUp) = (y, y, y, y)
        ck_swiglu_backward(gate, up, dy, &dgate, &dup, n)
        ck_reference_swiglu_backward(gate, up, dy, &wantGate, &wantUp, n)
        #expect(close(dgate, wantGate, 1e-5) && close(dup, wantUp))
    }

    @Test("softmax, its gradient and the logarithm of its sum", arguments: sizes)
    func softmax(_ n: Int) {
        for scale: Float in [1, 30, 200] {
            let x = numbers(n, seed: 1, scale: scale)
            var (p, want) = (x, x)
            ck_softmax(&p, n)
            ck_reference_softmax(&want, n)
            #expect(close(p, want, 4e-6))
            #expect(abs(p.reduce(0, +) - 1) < 1e-5)
            var (dp, wantDp) = (numbers(n, seed: 2), numbers(n, seed: 2))
            ck_softmax_backward(want, &dp, n)
            ck_reference_softmax_backward(want, &wantDp, n)
            #expect(zip(dp, wantDp).allSatisfy { abs($0 - $1) < 2e-6 })
            var copy = x
            let loss = ck_reference_cross_entropy(&copy, n, n / 2, 0)
            #expect(abs(ck_log_sum_exp(x, n) - Double(x[n / 2]) - loss) < 1e-5 * max(1, abs(loss)))
        }
    }

    @Test("cross-entropy and its gradient", arguments: sizes)
    func crossEntropy(_ n: Int) {
        for target in Set([0, n / 2, n - 1]) {
            let x = numbers(n, seed: 1, scale: 20)
            var (loss, gradient, want) = (x, x, x)
            let value = ck_cross_entropy(&loss, n, target, 0)
            #expect(loss == x, "without a scale the logits stay")
            let same = ck_cross_entropy(&gradient, n, target, 0.25)
            let expected = ck_reference_cross_entropy(&want, n, target, 0.25)
            #expect(abs(value - expected) < 2e-6 * max(1, expected) && abs(same - expected) < 2e-6 * max(1, expected))
            #expect(zip(gradient, want).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test("AdamW", arguments: sizes)
    func adamw(_ n: Int) {
        let coefficients = ck_adamw_coefficients(
            gradient_scale: 0.5, decay_factor: 0.999, one_minus_beta1: 0.1, beta2: 0.95, one_minus_beta2: 0.05,
            step_size: 1e-2, bias2_square_root: 0.3, epsilon: 1e-8)
        let gradient = numbers(n, seed: 1)
        var (p, m, v) = (numbers(n, seed: 2), numbers(n, seed: 3), numbers(n, seed: 4).map { $0 * $0 })
        var (wantP, wantM, wantV) = (p, m, v)
        ck_adamw(&p, gradient, &m, &v, n, coefficients)
        ck_reference_adamw(&wantP, gradient, &wantM, &wantV, n, coefficients)
        #expect(close(p, wantP, 5e-7) && close(m, wantM, 5e-7) && close(v, wantV, 5e-7))
    }

    @Test("dot products, sums, scaling, the largest", arguments: sizes)
    func vectors(_ n: Int) {
        let (x, y) = (numbers(n, seed: 1), numbers(n, seed: 2))
        let magnitude = zip(x, y).reduce(0) { $0 + Double(abs($1.0 * $1.1)) }
        #expect(abs(Double(ck_dot(x, y, n)) - ck_reference_dot(x, y, n)) < 1e-6 * magnitude)
        let squares = ck_reference_sum_of_squares(x, n)
        #expect(abs(ck_sum_of_squares(x, n) - squares) < 1e-6 * squares)
        var z = y
        ck_axpy(0.5, x, &z, n)
        #expect(close(z, zip(x, y).map { $0 * 0.5 + $1 }, 5e-7))
        ck_scale(-2, &z, n)
        #expect(close(z, zip(x, y).map { -$0 - 2 * $1 }, 5e-7))
        #expect(ck_argmax(x, n) == x.indices.max { x[$0] < x[$1] })
        var twins = [Float](repeating: 1, count: n)
        twins[n - 1] = 3
        twins[n / 2] = 3
        #expect(ck_argmax(twins, n) == n / 2, "the first of equals")
    }

    @Test("a few rows against a matrix", arguments: 1...9, [1, 17, 64, 100])
    func fewRows(_ rows: Int, _ depth: Int) {
        let (columns, xStride, wStride, yStride) = (5, depth + 3, depth + 1, 7)
        let (x, w) = (numbers(rows * xStride, seed: 1), numbers(columns * wStride, seed: 2))
        let start = numbers(rows * yStride, seed: 3)
        for accumulate: Int32 in [0, 1] {
            var (y, want) = (start, start)
            ck_few_rows(x, xStride, w, wStride, &y, yStride, rows, columns, depth, accumulate)
            for row in 0..<rows {
                for column in 0..<columns {
                    let product = (0..<depth).reduce(0.0) {
                        $0 + Double(x[row * xStride + $1]) * Double(w[column * wStride + $1])
                    }
                    want[row * yStride + column] =
                        Float(product) + (accumulate == 1 ? start[row * yStride + column] : 0)
                }
            }
            #expect(close(y, want))
        }
    }

    @Test("dropout keeps the share it should, scales it, and repeats under a key")
    func dropout() {
        let n = 100_000
        let x = [Float](repeating: 3, count: n)
        var (y, again, other, shifted) = (x, x, x, x)
        let threshold = UInt32(0.3 * 4_294_967_296.0)
        ck_dropout(x, &y, n, 11, 0, threshold, 2)
        ck_dropout(x, &again, n, 11, 0, threshold, 2)
        ck_dropout(x, &other, n, 12, 0, threshold, 2)
        ck_dropout(x, &shifted, n - 1000, 11, 1000, threshold, 2)
        #expect(y == again && y != other)
        #expect(Array(y[1000...]) == Array(shifted[..<(n - 1000)]), "the mask belongs to the element, not the call")
        #expect(y.allSatisfy { $0 == 0 || $0 == 6 })
        let dropped = Double(y.count { $0 == 0 }) / Double(n)
        #expect(abs(dropped - 0.3) < 0.006)
        let both = Double(zip(y, other).count { $0 == 0 && $1 == 0 }) / Double(n)
        #expect(abs(both - 0.09) < 0.004, "masks of two keys are independent")
        let neighbours = Double(zip(y, y.dropFirst()).count { $0 == 0 && $1 == 0 }) / Double(n)
        #expect(abs(neighbours - 0.09) < 0.004)
        // Across the counter's 32-bit seam.
        let seam = UInt64(1) << 32
        ck_dropout(x, &y, n, 11, seam - 10, threshold, 2)
        ck_dropout(x, &shifted, n - 10, 11, seam, threshold, 2)
        #expect(Array(y[10...]) == Array(shifted[..<(n - 10)]))
    }

    @Test("16-bit floats round to nearest even and widen exactly")
    func conversions() {
        let values: [Float] = [0, -0.0, 1, -1, 1.5, 3.140625, 65504, 1e-3, 0.1, -2.7e-3, 1 + 1 / 256, 1 + 3 / 256]
        var half = [UInt16](repeating: 0, count: values.count)
        var back = [Float](repeating: 0, count: values.count)
        ck_to_float16(values, &half, values.count)
        ck_from_float16(half, &back, values.count)
        #expect(back == values.map { Float(Float16($0)) })
        ck_to_bfloat16(values, &half, values.count)
        ck_from_bfloat16(half, &back, values.count)
        #expect(zip(back, values).allSatisfy { abs($0 - $1) <= abs($1) / 256 })
        #expect(back[10] == 1 && back[11] == 1 + 2 * Float(1) / 128, "ties go to the even neighbour")
        let special: [Float] = [.infinity, -.infinity, .nan]
        ck_to_bfloat16(special, &half, 3)
        ck_from_bfloat16(half, &back, 3)
        #expect(back[0] == .infinity && back[1] == -.infinity && back[2].isNaN)
    }

    @Test("not a number is passed on, not hidden")
    func notANumber() {
        var x = numbers(100, seed: 1)
        x[40] = .nan
        var copy = x
        #expect(ck_cross_entropy(&copy, 100, 3, 0).isNaN)
        ck_softmax(&x, 100)
        #expect(x.contains { $0.isNaN })
    }
}
