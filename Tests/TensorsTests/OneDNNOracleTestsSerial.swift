// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Tensors

/// oneDNN's bfloat16 matrix product, where its library is installed (Debian: libdnnl2). It is exported for oneDNN's own
/// benchmark and takes row-major matrices. Its OpenMP is held to one thread, so that nothing spins beside other tests.
private struct OneDNN: Sendable {
    typealias Gemm =
        @convention(c) (
            CChar, CChar, Int, Int, Int, Float, UnsafePointer<UInt16>, Int, UnsafePointer<UInt16>, Int, Float,
            UnsafeMutablePointer<Float>, Int
        ) -> CInt
    typealias SetThreads = @convention(c) (CInt) -> Void

    let gemm: Gemm

    static let found: OneDNN? = {
        for name in ["libdnnl.so.2", "libdnnl.so.3"] {
            guard let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) else { continue }
            guard let gemm = dlsym(handle, "dnnl_gemm_bf16bf16f32") else { continue }
            if let threads = dlsym(handle, "omp_set_num_threads") { unsafeBitCast(threads, to: SetThreads.self)(1) }
            return OneDNN(gemm: unsafeBitCast(gemm, to: Gemm.self))
        }
        return nil
    }()

    /// C [m, n] = A · B for row-major B [k, n], A [m, k] or, transposed, [k, m].
    func product(_ a: [UInt16], transposed: Bool, _ b: [UInt16], m: Int, n: Int, k: Int) -> [Float]? {
        var c = [Float](repeating: 0, count: m * n)
        let (plain, turned) = (CChar(UInt8(ascii: "N")), CChar(UInt8(ascii: "T")))
        let status = gemm(transposed ? turned : plain, plain, m, n, k, 1, a, transposed ? m : k, b, n, 0, &c, n)
        return status == 0 ? c : nil
    }
}

@Suite(
    "bfloat16 products equal oneDNN's",
    .enabled(if: OneDNN.found != nil, "oneDNN is not installed (Debian: apt-get install libdnnl2)"))
struct OneDNNOracleTestsSerial {
    /// Rows, columns, depth: below and above a tile, a panel and a block of the depth, odd ones, and rows of A that lie a
    /// power of two apart.
    static let shapes = [
        (1, 1, 1), (3, 40, 7), (14, 32, 384), (15, 33, 385), (100, 70, 769), (64, 300, 1024), (257, 130, 2048),
        (512, 768, 768),
    ]

    private func halves(_ count: Int, seed: UInt64) -> [UInt16] {
        numbers(count, seed: seed).map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
    }

    /// Both round each of `k` sums once: to within k + 1 halves of a last place of the sum of magnitudes, of which errors
    /// that are as often up as down reach about the root.
    private func expectEqual(_ ours: [Float], _ theirs: [Float], _ magnitudes: [Double], depth: Int) {
        let tolerance = 4 * Double(depth + 1).squareRoot() * 0x1p-24
        let worst = zip(zip(ours, theirs), magnitudes).map { abs(Double($0.0) - Double($0.1)) / max($1, 1e-30) }.max()
        #expect((worst ?? 0) <= tolerance, "\(worst ?? 0) of the magnitudes, \(tolerance) allowed")
    }

    private func widened(_ x: UInt16) -> Double { Double(Float(bitPattern: UInt32(x) << 16)) }

    private func magnitudes(_ m: Int, _ n: Int, _ k: Int, _ a: (Int, Int) -> UInt16, _ b: [UInt16]) -> [Double] {
        let left = (0..<m * k).map { abs(widened(a($0 / k, $0 % k))) }
        let right = b.map { abs(widened($0)) }
        var sums = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
            for index in 0..<k {
                let factor = left[row * k + index]
                for column in 0..<n { sums[row * n + column] += factor * right[index * n + column] }
            }
        }
        return sums
    }

    @Test("A · B", arguments: shapes)
    func product(_ m: Int, _ n: Int, _ k: Int) throws {
        let oneDNN = try #require(OneDNN.found)
        let (a, b) = (halves(m * k, seed: 1), halves(k * n, seed: 2))
        var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: k, columns: n))
        var ours = [Float](repeating: 0, count: m * n)
        try memory.withUnsafeMutableBufferPointer { memory in
            let packed = PackedMatrix(depth: k, columns: n, in: try #require(memory.baseAddress))
            packed.pack(.rows, b, stride: n)
            BFloat16Product.multiply(a, stride: k, rows: m, packed, into: &ours, stride: n)
        }
        let theirs = try #require(oneDNN.product(a, transposed: false, b, m: m, n: n, k: k))
        expectEqual(ours, theirs, magnitudes(m, n, k, { a[$0 * k + $1] }, b), depth: k)
    }

    @Test("Aᵀ · B, the gradient of a weight", arguments: shapes)
    func transposed(_ m: Int, _ n: Int, _ k: Int) throws {
        let oneDNN = try #require(OneDNN.found)
        let (a, b) = (halves(k * m, seed: 3), halves(k * n, seed: 4))
        var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: k, columns: n))
        var scratch = [UInt16](repeating: 0, count: BFloat16Product.leftScratch(depth: k))
        var ours = [Float](repeating: 0, count: m * n)
        try memory.withUnsafeMutableBufferPointer { memory in
            let packed = PackedMatrix(depth: k, columns: n, in: try #require(memory.baseAddress))
            packed.pack(.rows, b, stride: n)
            BFloat16Product.addTransposed(
                a, stride: m, columns: m, packed, into: &ours, stride: n, scratch: &scratch)
        }
        let theirs = try #require(oneDNN.product(a, transposed: true, b, m: m, n: n, k: k))
        expectEqual(ours, theirs, magnitudes(m, n, k, { a[$1 * m + $0] }, b), depth: k)
    }
}
