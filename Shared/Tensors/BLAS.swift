// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenBLAS
import Glibc

/// Matrix products: OpenBLAS on one thread a piece, split over the engine's own threads.
///
/// OpenBLAS's pool is switched off: two pools on the same cores halve each other's speed. Matrices are row-major
/// with a leading dimension (floats from one row to the next).
public enum BLAS {
    /// Switches OpenBLAS's own threads off, once.
    private static let ready: Void = openblas_set_num_threads(1)

    /// What OpenBLAS computes with, e.g. `OpenBLAS Cooperlake`, and a warning where the environment holds it back.
    public static var description: String {
        _ = ready
        let core = openblas_get_corename().map { String(cString: $0) } ?? "unknown"
        guard let forced = forcedCore else { return "OpenBLAS \(core)" }
        return "OpenBLAS \(core), forced by OPENBLAS_CORETYPE=\(forced); unset it to let the library choose"
    }

    /// The kernels OpenBLAS took, e.g. `Cooperlake`.
    public static var coreName: String { openblas_get_corename().map { String(cString: $0) } ?? "unknown" }

    /// The value of OPENBLAS_CORETYPE, if the environment decides in the library's place.
    public static var forcedCore: String? {
        guard let value = getenv("OPENBLAS_CORETYPE"), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// Whether the environment forces kernels narrower than the processor's vectors: worth a warning at start-up.
    public static var isHeldBack: Bool {
        guard forcedCore != nil, InstructionSet.current == .avx512 else { return false }
        return !["SkylakeX", "Cooperlake", "Sapphirerapids"].contains(coreName)
    }

    /// y [rows, out] = x [rows, in] · wᵀ for w [out, in], added to y if `accumulate`.
    public static func linear(
        _ x: UnsafePointer<Float>, stride xStride: Int, rows: Int, _ w: UnsafePointer<Float>, out: Int, in depth: Int,
        into y: UnsafeMutablePointer<Float>, stride yStride: Int, scale: Float = 1, accumulate: Bool = false
    ) {
        if rows <= 4 && scale == 1 {
            ThreadPool.shared.parallel(out, grain: fewRowsGrain(out: out, depth: depth)) { range in
                Kernels.fewRows(
                    x, stride: xStride, w + range.lowerBound * depth, stride: depth,
                    into: y + range.lowerBound, stride: yStride, rows: rows, columns: range.count, depth: depth,
                    accumulate: accumulate)
            }
            return
        }
        gemm(
            false, true, rows, out, depth, scale, x, xStride, w, depth, accumulate ? 1 : 0, y, yStride)
    }

    /// C [m, n] = alpha · op(A) · op(B) + beta · C, split over the threads along the longer side of C.
    ///
    /// With beta 0, C may hold anything. Each element is summed in the same order whatever the number of threads.
    public static func gemm(
        _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        guard m > 0, n > 0 else { return }
        let pool = ThreadPool.shared
        let pieces = min(pool.threads, max(1, m * n * k / 32768))
        if pieces == 1 {
            gemmInThread(transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
        } else if m >= n {
            let grain = ((m + pieces - 1) / pieces + 15) & ~15
            pool.parallel(m, grain: grain) { rows in
                let first = rows.lowerBound
                gemmInThread(
                    transposeA, transposeB, rows.count, n, k, alpha, a + (transposeA ? first : first * lda), lda,
                    b, ldb, beta, c + first * ldc, ldc)
            }
        } else {
            let grain = ((n + pieces - 1) / pieces + 15) & ~15
            pool.parallel(n, grain: grain) { columns in
                let first = columns.lowerBound
                gemmInThread(
                    transposeA, transposeB, m, columns.count, k, alpha, a, lda,
                    b + (transposeB ? first * ldb : first), ldb, beta, c + first, ldc)
            }
        }
    }

    /// The same product on the calling thread alone: for use inside a piece.
    public static func gemmInThread(
        _ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ alpha: Float,
        _ a: UnsafePointer<Float>, _ lda: Int, _ b: UnsafePointer<Float>, _ ldb: Int, _ beta: Float,
        _ c: UnsafeMutablePointer<Float>, _ ldc: Int
    ) {
        _ = ready
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            blasint(m), blasint(n), blasint(k), alpha, a, blasint(lda), b, blasint(ldb), beta, c, blasint(ldc))
    }

    /// Columns a piece, so that a piece reads some 256 KB of the matrix.
    private static func fewRowsGrain(out: Int, depth: Int) -> Int {
        max(16, (1 << 16) / max(1, depth))
    }
}
