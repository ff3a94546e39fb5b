// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("bfloat16 products do not depend on threads, splits or instructions")
struct BFloat16ProductTests {
    private func halves(_ count: Int, seed: UInt64) -> [UInt16] {
        numbers(count, seed: seed).map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
    }

    private func packed(_ memory: inout [UInt16], depth: Int, columns: Int, _ s: [Float]) -> PackedMatrix {
        memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: depth, columns: columns))
        let matrix = memory.withUnsafeMutableBufferPointer {
            PackedMatrix(depth: depth, columns: columns, in: $0.baseAddress!)
        }
        matrix.pack(.columns, s, stride: depth)
        return matrix
    }

    @Test("split rows and columns, by every path", arguments: [(1, 70, 33), (130, 2100, 64), (1000, 96, 200)])
    func multiply(_ m: Int, _ n: Int, _ k: Int) {
        let a = halves(m * (k + 2), seed: 1)
        var memory: [UInt16] = []
        let b = packed(&memory, depth: k, columns: n, numbers(n * k, seed: 2))
        var results: [[Float]] = []
        defer { BFloat16Product.use(BFloat16Product.best) }
        for path in BFloat16Product.Path.allCases where path.rawValue <= BFloat16Product.best.rawValue {
            if path == .plain && m * n * k > 1 << 22 { continue }
            BFloat16Product.use(path)
            var c = [Float](repeating: 0.5, count: m * (n + 1))
            BFloat16Product.multiply(a, stride: k + 2, rows: m, b, into: &c, stride: n + 1, accumulate: true)
            results.append(c)
        }
        var alone = [Float](repeating: 0.5, count: m * (n + 1))
        BFloat16Product.multiplyInThread(a, stride: k + 2, rows: m, b, into: &alone, stride: n + 1, accumulate: true)
        #expect(results.allSatisfy { $0 == alone })
        // A row has the same bits whatever other rows are computed with it.
        var single = [Float](repeating: 0.5, count: n)
        let last = m - 1
        a.withUnsafeBufferPointer {
            BFloat16Product.multiply(
                $0.baseAddress! + last * (k + 2), stride: k + 2, rows: 1, b, into: &single, stride: n,
                accumulate: true)
        }
        #expect(single == Array(alone[last * (n + 1)..<last * (n + 1) + n]))
        withExtendedLifetime(memory) {}
    }

    @Test("products over tokens, tall and flat", arguments: [(20, 600, 90), (900, 40, 33), (3, 3, 1)])
    func addTransposed(_ m: Int, _ n: Int, _ k: Int) {
        let (dy, x) = (halves(k * m, seed: 1), numbers(n * k, seed: 2))
        var memory: [UInt16] = []
        let b = packed(&memory, depth: k, columns: n, x)
        var c = [Float](repeating: 1, count: m * n)
        var scratch = [UInt16](repeating: 0, count: BFloat16Product.leftScratch(depth: k))
        BFloat16Product.addTransposed(dy, stride: m, columns: m, b, into: &c, stride: n, scratch: &scratch)
        var worst = 0.0
        for row in 0..<m {
            for column in 0..<n {
                let sum = (0..<k).reduce(1.0) {
                    $0 + Double(Float(bitPattern: UInt32(dy[$1 * m + row]) << 16)) * Double(x[column * k + $1])
                }
                worst = max(worst, abs(sum - Double(c[row * n + column])))
            }
        }
        #expect(worst < 0.004 * Double(k), "what x loses when it is rounded")
        withExtendedLifetime(memory) {}
    }

    @Test("the path is named for the log")
    func description() { #expect(BFloat16Product.description.hasPrefix("bfloat16 products by ")) }
}
