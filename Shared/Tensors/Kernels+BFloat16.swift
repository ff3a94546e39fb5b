// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// The loops between products where activations are kept in bfloat16: computed in float32, rounded to nearest even,
/// denormals to zero.
extension Kernels {
    /// y = x, in rows of their own strides.
    public static func narrow(
        _ x: UnsafePointer<Float>, stride xStride: Int, into y: UnsafeMutablePointer<UInt16>, stride yStride: Int,
        rows: Int, width: Int
    ) {
        pool.parallel(rows, grain: rowGrain(width)) { range in
            let at = range.lowerBound
            ck_narrow_rows(x + at * xStride, xStride, y + at * yStride, yStride, range.count, width)
        }
    }

    /// As `rmsNorm` with a bfloat16 result.
    public static func rmsNorm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, into y: UnsafeMutablePointer<UInt16>,
        inverse: UnsafeMutablePointer<Float>, rows: Int, width: Int, epsilon: Float
    ) {
        pool.parallel(rows, grain: rowGrain(width)) { range in
            let at = range.lowerBound
            ck_rms_norm_bf16(x + at * width, weight, y + at * width, inverse + at, range.count, width, epsilon)
        }
    }

    /// y = x [rows, width] with the first `heads` heads of each row rotated, on the calling thread; `sign` −1 undoes it,
    /// and `stride` is that of both.
    public static func rope(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<UInt16>, stride: Int, width: Int,
        cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>, rows: Int, heads: Int, half: Int, sign: Float
    ) {
        ck_rope_bf16(x, y, stride, width, cosine, sine, rows, heads, half, sign)
    }

    /// y [rows, width] = silu(gate) · up, for gate and up side by side in rows of 2 · width.
    public static func swiglu(
        _ gateUp: UnsafePointer<UInt16>, into y: UnsafeMutablePointer<UInt16>, stride: Int, rows: Int, width: Int
    ) {
        pool.parallel(rows, grain: rowGrain(width * 3)) { range in
            for row in range {
                let gate = gateUp + row * 2 * width
                ck_swiglu_bf16(BFloat16Product.path, gate, gate + width, y + row * stride, width)
            }
        }
    }

    /// Gradients of gate and up, side by side, from dy [rows, width].
    public static func swigluBackward(
        gateUp: UnsafePointer<UInt16>, dy: UnsafePointer<Float>, into dGateUp: UnsafeMutablePointer<UInt16>, rows: Int,
        width: Int
    ) {
        pool.parallel(rows, grain: rowGrain(width * 5)) { range in
            let (row, stride) = (range.lowerBound, 2 * width)
            let (gate, dGate) = (gateUp + row * stride, dGateUp + row * stride)
            ck_swiglu_backward_bf16(
                BFloat16Product.path, gate, gate + width, stride, dy + row * width, width, dGate, dGate + width, stride,
                nil, 0, range.count, width)
        }
    }

    /// p = softmax(scale · x) of one row, zeros from `count` up to `padded`, on the calling thread; x is overwritten.
    public static func softmax(
        _ x: UnsafeMutablePointer<Float>, scale: Float, into p: UnsafeMutablePointer<UInt16>, count: Int, padded: Int
    ) {
        ck_softmax_bf16(x, scale, p, count, padded)
    }

    /// p = softmax(scale · x) and ds = scale · p · (dp − Σ p·dp) of one row, zeros from `count` up to `padded`, on the
    /// calling thread; x and dp are overwritten.
    public static func softmaxBackward(
        _ x: UnsafeMutablePointer<Float>, dp: UnsafeMutablePointer<Float>, scale: Float,
        into p: UnsafeMutablePointer<UInt16>, _ ds: UnsafeMutablePointer<UInt16>, count: Int, padded: Int
    ) {
        ck_softmax_backward_bf16(x, dp, scale, p, ds, count, padded)
    }

    /// As `crossEntropy`, with scale · (softmax − onehot) of each row in `gradient`; logits are overwritten.
    public static func crossEntropy(
        _ logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<Int32>, rows: Int, width: Int, scale: Float,
        losses: UnsafeMutablePointer<Double>, gradient: UnsafeMutablePointer<UInt16>
    ) {
        pool.parallel(rows, grain: rowGrain(width * 2)) { range in
            for row in range {
                losses[row] = ck_cross_entropy_bf16(
                    logits + row * width, width, Int(targets[row]), scale, gradient + row * width)
            }
        }
    }

    /// As `dropout`, of bfloat16.
    public static func dropout(
        _ x: UnsafePointer<UInt16>, into y: UnsafeMutablePointer<UInt16>, count: Int, probability p: Float, key: UInt64
    ) {
        let threshold = UInt32(min(Double(p) * 4_294_967_296, 4_294_967_295))
        let scale = p < 1 ? 1 / (1 - p) : 0
        pool.parallel(count, grain: 1 << 16) {
            ck_dropout_bf16(
                x + $0.lowerBound, y + $0.lowerBound, $0.count, key, UInt64($0.lowerBound), threshold, scale)
        }
    }
}
