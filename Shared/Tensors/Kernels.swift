// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// The loops BLAS has no name for, each split over the engine's threads.
///
/// Pointers are to row-major float32; inputs and outputs may not overlap unless said. Reductions add their parts in an
/// order that depends on sizes alone, so results repeat whatever the threads do.
public enum Kernels {
    static var pool: ThreadPool { .shared }

    /// Rows a piece so that a piece touches some 64 K floats.
    static func rowGrain(_ width: Int) -> Int { max(1, (1 << 16) / max(1, width)) }

    /// y = x / sqrt(mean(x²) + epsilon) · weight for each of `rows` rows; 1 / sqrt(…) of each row goes to `inverse`.
    public static func rmsNorm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>,
        inverse: UnsafeMutablePointer<Float>, rows: Int, width: Int, epsilon: Float
    ) {
        pool.parallel(rows, grain: rowGrain(width)) { range in
            let at = range.lowerBound
            ck_rms_norm(x + at * width, weight, y + at * width, inverse + at, range.count, width, epsilon)
        }
    }

    /// Rotates `heads` heads of every row by the row's angles (cosine and sine are [rows, half]); `sign` −1 undoes it.
    public static func rope(
        _ x: UnsafeMutablePointer<Float>, stride: Int, cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>,
        rows: Int, heads: Int, half: Int, sign: Float
    ) {
        pool.parallel(rows, grain: rowGrain(heads * half * 2)) { range in
            let at = range.lowerBound
            ck_rope(x + at * stride, stride, cosine + at * half, sine + at * half, range.count, heads, half, sign)
        }
    }

    /// y [rows, width] = silu(gate) · up for gate and up side by side in rows of `stride` floats.
    public static func swiglu(
        gateUp: UnsafePointer<Float>, stride: Int, into y: UnsafeMutablePointer<Float>, rows: Int, width: Int
    ) {
        pool.parallel(rows, grain: rowGrain(width * 3)) { range in
            for row in range {
                let gate = gateUp + row * stride
                ck_swiglu(gate, gate + width, y + row * width, width)
            }
        }
    }

    /// Softmax of one row in place, on the calling thread.
    public static func softmax(_ x: UnsafeMutablePointer<Float>, count: Int) { ck_softmax(x, count) }

    /// The natural logarithm of the sum of exponentials of one row, on the calling thread.
    public static func logSumExp(_ x: UnsafePointer<Float>, count: Int) -> Double { ck_log_sum_exp(x, count) }

    /// The index of the largest of `count` values, the first of equals, on the calling thread.
    public static func argmax(_ x: UnsafePointer<Float>, count: Int) -> Int { ck_argmax(x, count) }

    /// The dot product of two rows, on the calling thread.
    public static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float {
        ck_dot(x, y, count)
    }

    /// y += a · x, on the calling thread.
    public static func axpy(_ a: Float, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
        ck_axpy(a, x, y, count)
    }

    /// x *= a.
    public static func scale(_ x: UnsafeMutablePointer<Float>, by a: Float, count: Int) {
        pool.parallel(count, grain: 1 << 17) { ck_scale(a, x + $0.lowerBound, $0.count) }
    }

    /// y = x.
    public static func copy(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
        pool.parallel(count, grain: 1 << 17) { (y + $0.lowerBound).update(from: x + $0.lowerBound, count: $0.count) }
    }

    /// y += x.
    public static func add(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int) {
        pool.parallel(count, grain: 1 << 17) { ck_axpy(1, x + $0.lowerBound, y + $0.lowerBound, $0.count) }
    }

    /// The sum of squares in double precision, for gradient norms.
    public static func sumOfSquares(_ x: UnsafePointer<Float>, count: Int) -> Double {
        let grain = 1 << 17
        var parts = [Double](repeating: 0, count: (count + grain - 1) / grain)
        parts.withUnsafeMutableBufferPointer { parts in
            let parts = parts
            pool.parallel(count, grain: grain) {
                parts[$0.lowerBound / grain] = ck_sum_of_squares(x + $0.lowerBound, $0.count)
            }
        }
        return parts.reduce(0, +)
    }

    /// y [rows, columns] = x · wᵀ for at most a few rows, on the calling thread; reads w once for four rows.
    static func fewRows(
        _ x: UnsafePointer<Float>, stride xStride: Int, _ w: UnsafePointer<Float>, stride wStride: Int,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, rows: Int, columns: Int, depth: Int,
        accumulate: Bool
    ) {
        ck_few_rows(x, xStride, w, wStride, y, yStride, rows, columns, depth, accumulate ? 1 : 0)
    }
}
