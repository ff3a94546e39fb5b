// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels

/// The loops of a model that answers: each on the calling thread alone, its result the same bits on every processor.
public enum ServingKernels {
    /// Tokens of a page of keys and values.
    public static let pageTokens = Int(CK_PAGE_TOKENS)

    /// y = x · weight / √(mean(x²) + epsilon) of one row.
    public static func norm(
        _ x: UnsafePointer<Float>, weight: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, width: Int,
        epsilon: Float
    ) {
        ck_serving_norm(x, weight, y, width, epsilon)
    }

    /// Rotates `heads` heads that lie side by side in one row.
    public static func rotate(
        _ x: UnsafeMutablePointer<Float>, cosine: UnsafePointer<Float>, sine: UnsafePointer<Float>, heads: Int,
        half: Int
    ) {
        ck_serving_rope(x, cosine, sine, heads, half)
    }

    /// x = softmax(scale · x) over `range` of a row, zeros elsewhere up to `padded`.
    public static func softmax(_ x: UnsafeMutablePointer<Float>, scale: Float, _ range: Range<Int>, padded: Int) {
        ck_serving_softmax(x, scale, range.lowerBound, range.upperBound, padded)
    }

    /// y = silu(gate) · up of one row: 32 of gate, then 32 of up, then the next 32 of gate …
    public static func swiglu(
        _ gateUp: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, count: Int
    ) {
        ck_serving_swiglu(gateUp, y, count)
    }

    /// x = a · x.
    public static func scale(_ a: Float, _ x: UnsafeMutablePointer<Float>, count: Int) { ck_serving_scale(a, x, count) }

    /// Puts the key and the value of one head in the place `token` of a page, at these offsets; saturates in float16.
    public static func append(
        key: UnsafePointer<Float>, value: UnsafePointer<Float>, width: Int, isHalf: Bool,
        to page: UnsafeMutableRawPointer, keys: Int, values: Int, token: Int
    ) {
        ck_paged_append(isHalf ? 1 : 0, width, key, value, page, keys, values, token)
    }

    /// Products of queries [rows, width] with the keys of pages, [width][32] each at `offset`: [rows, 32 · pages].
    public static func scores(
        _ q: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, isHalf: Bool,
        pages: UnsafeBufferPointer<UnsafeRawPointer?>,
        offset: Int, into scores: UnsafeMutablePointer<Float>, scoresStride: Int
    ) {
        ck_paged_scores(
            ServingInstructions.float, isHalf ? 1 : 0, rows, width, q, stride, pages.baseAddress, pages.count, offset,
            scores,
            scoresStride)
    }

    /// Values of pages, panels [32 tokens][32] at `offset`, mixed by p [rows, 32 · pages]: [rows, width].
    public static func mix(
        _ p: UnsafePointer<Float>, stride: Int, rows: Int, width: Int, isHalf: Bool,
        pages: UnsafeBufferPointer<UnsafeRawPointer?>,
        offset: Int, into mixed: UnsafeMutablePointer<Float>, mixedStride: Int
    ) {
        ck_paged_mix(
            ServingInstructions.float, isHalf ? 1 : 0, rows, width, p, stride, pages.baseAddress, pages.count, offset,
            mixed,
            mixedStride)
    }

    /// Reads `bytes` on all threads; gives the sum so that nothing is left out. For measuring memory.
    public static func read(_ memory: UnsafeRawPointer, bytes: Int) -> UInt64 {
        let parts = ThreadPool.shared.threads
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: parts) { sums in
            let sums = sums
            ThreadPool.shared.run(parts) { part in
                let (start, end) = (part * bytes / parts / 64 * 64, (part + 1) * bytes / parts / 64 * 64)
                sums[part] = ck_read_bytes(memory + start, end - start)
            }
            return sums.reduce(0, &+)
        }
    }
}
