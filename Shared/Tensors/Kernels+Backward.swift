// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

extension Kernels {
    /// Adds the gradient of x to `dx` and that of the weight to `dweight` [width] unless nil.
    ///
    /// `partial` is scratch of `normParts(rows)` · width floats: parts of `dweight`, added in row order.
    public static func rmsNormBackward(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, inverse: UnsafePointer<Float>,
        dy: UnsafePointer<Float>, dx: UnsafeMutablePointer<Float>, dweight: UnsafeMutablePointer<Float>?,
        rows: Int, width: Int, partial: UnsafeMutablePointer<Float>
    ) {
        let parts = normParts(rows)
        let grain = (rows + parts - 1) / max(1, parts)
        pool.run(parts) { part in
            let range = min(rows, part * grain)..<min(rows, (part + 1) * grain)
            let at = range.lowerBound * width
            let sum = partial + part * width
            if dweight != nil { sum.update(repeating: 0, count: width) }
            ck_rms_norm_backward(
                x + at, weight, inverse + range.lowerBound, dy + at, dx + at, dweight == nil ? nil : sum,
                range.count, width)
        }
        if let dweight {
            for part in 0..<parts { ck_axpy(1, partial + part * width, dweight, width) }
        }
    }

    /// Pieces a norm's rows are summed in: fixed by the number of rows, so that sums repeat.
    public static func normParts(_ rows: Int) -> Int { min(32, max(1, rows / 16)) }

    /// Gradients of gate and up, side by side in rows of `stride` floats as the inputs are, from dy [rows, width].
    public static func swigluBackward(
        gateUp: UnsafePointer<Float>, dy: UnsafePointer<Float>, into dGateUp: UnsafeMutablePointer<Float>,
        stride: Int, rows: Int, width: Int
    ) {
        pool.parallel(rows, grain: rowGrain(width * 5)) { range in
            for row in range {
                let gate = gateUp + row * stride
                let dgate = dGateUp + row * stride
                ck_swiglu_backward(gate, gate + width, dy + row * width, dgate, dgate + width, width)
            }
        }
    }

    /// ds = p · (dp − Σ p·dp) of one row, written over dp, on the calling thread.
    public static func softmaxBackward(
        _ p: UnsafePointer<Float>, dp: UnsafeMutablePointer<Float>, count: Int
    ) {
        ck_softmax_backward(p, dp, count)
    }

    /// The negative log-likelihood of each row's target under softmax(logits), into `losses`.
    ///
    /// With a `scale` other than 0 each row of `logits` [rows, width] becomes scale · (softmax − onehot).
    public static func crossEntropy(
        _ logits: UnsafeMutablePointer<Float>, targets: UnsafePointer<Int32>, rows: Int, width: Int, scale: Float,
        losses: UnsafeMutablePointer<Double>
    ) {
        pool.parallel(rows, grain: rowGrain(width * 2)) { range in
            for row in range {
                losses[row] = ck_cross_entropy(logits + row * width, width, Int(targets[row]), scale)
            }
        }
    }

    /// Keeps each element with probability 1 − p and scales it by 1 / (1 − p), by a counter-based generator: the mask
    /// of a key is always the same, so the backward pass makes it again. x and y may be the same.
    public static func dropout(
        _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int, probability p: Float, key: UInt64
    ) {
        let threshold = UInt32(min(Double(p) * 4_294_967_296, 4_294_967_295))
        let scale = p < 1 ? 1 / (1 - p) : 0
        pool.parallel(count, grain: 1 << 16) {
            ck_dropout(
                x + $0.lowerBound, y + $0.lowerBound, $0.count, key, UInt64($0.lowerBound), threshold, scale)
        }
    }
}
