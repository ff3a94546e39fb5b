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
        alone.withUnsafeMutableBufferPointer {
            BFloat16Product.multiplyInThread(
                a, stride: k + 2, rows: m, b, into: .floats($0.baseAddress!, stride: n + 1, onto: $0.baseAddress))
        }
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

    /// A sum of two products in float32, and a second one on top of other numbers.
    private func sums(
        _ m: Int, _ n: Int, _ body: (UnsafePointer<UInt16>, Int, PackedMatrix, BFloat16Product.Addend) -> Void
    ) {
        let (k, rank) = (800, 5)
        let (a, u) = (halves(m * k, seed: 1), halves(m * rank, seed: 6))
        var (memory, second) = ([UInt16](), [UInt16]())
        let b = packed(&memory, depth: k, columns: n, numbers(n * k, seed: 2))
        let v = packed(&second, depth: rank, columns: n, numbers(n * rank, seed: 3))
        u.withUnsafeBufferPointer { u in
            body(a, k, b, BFloat16Product.Addend(u.baseAddress!, stride: rank, v))
        }
        withExtendedLifetime((memory, second)) {}
    }

    @Test(
        "a sum of two products, onto other numbers, rounded, and as the gradient of a gate",
        arguments: [(40, 1100), (301, 70)])
    func results(_ m: Int, _ n: Int) {
        let onto = numbers(m * n, seed: 7)
        sums(m, n) { a, k, b, addend in
            var want = onto
            BFloat16Product.multiply(a, stride: k, rows: m, b, into: &want, stride: n, accumulate: true)
            var alone = [Float](repeating: 0, count: m * n)
            BFloat16Product.multiply(a, stride: k, rows: m, b, into: &alone, stride: n)
            BFloat16Product.multiply(
                addend.a, stride: addend.stride, rows: m, addend.b, into: &alone, stride: n, accumulate: true)
            BFloat16Product.multiply(
                addend.a, stride: addend.stride, rows: m, addend.b, into: &want, stride: n, accumulate: true)
            var got = [Float](repeating: .nan, count: m * n)
            onto.withUnsafeBufferPointer { onto in
                got.withUnsafeMutableBufferPointer {
                    BFloat16Product.multiply(
                        a, stride: k, rows: m, b, into: .floats($0.baseAddress!, stride: n, onto: onto.baseAddress),
                        adding: addend)
                }
            }
            #expect(got == want)

            var rounded = [UInt16](repeating: 0, count: m * n)
            var wantRounded = rounded
            Kernels.narrow(alone, stride: n, into: &wantRounded, stride: n, rows: m, width: n)
            rounded.withUnsafeMutableBufferPointer {
                BFloat16Product.multiply(
                    a, stride: k, rows: m, b, into: .halves($0.baseAddress!, stride: n), adding: addend)
            }
            #expect(rounded == wantRounded)

            let gateUp = halves(2 * m * n, seed: 8)
            var wantGradients = [UInt16](repeating: 0, count: 2 * m * n)
            Kernels.swigluBackward(gateUp: gateUp, dy: alone, into: &wantGradients, rows: m, width: n)
            var wantActivated = [UInt16](repeating: 0, count: m * n)
            Kernels.swiglu(gateUp, into: &wantActivated, stride: n, rows: m, width: n)
            // In rows with a gap behind them.
            var gradients = [UInt16](repeating: 0, count: m * (2 * n + 3))
            var activated = [UInt16](repeating: 0, count: m * (n + 1))
            gradients.withUnsafeMutableBufferPointer { gradients in
                activated.withUnsafeMutableBufferPointer { activated in
                    gateUp.withUnsafeBufferPointer { gateUp in
                        BFloat16Product.multiply(
                            a, stride: k, rows: m, b,
                            into: .gateGradients(
                                gradients.baseAddress!, stride: 2 * n + 3, gateUp: gateUp.baseAddress!, width: n,
                                activated: activated.baseAddress!, activatedStride: n + 1),
                            adding: addend)
                    }
                }
            }
            func rows(_ all: [UInt16], width: Int, stride: Int) -> [UInt16] {
                (0..<m).flatMap { all[$0 * stride..<$0 * stride + width] }
            }
            #expect(rows(gradients, width: 2 * n, stride: 2 * n + 3) == wantGradients)
            #expect(rows(activated, width: n, stride: n + 1) == wantActivated)
        }
    }

    @Test(
        "what is left out of a causal product changes no bit",
        arguments: [(0, 1), (0, 5), (0, 112), (224, 112), (112, 33), (5, 9)])
    func causal(_ first: Int, _ rows: Int) {
        let (columns, width) = (first + rows, 70)
        let stride = columns + 1
        var dy = halves(rows * stride, seed: 1)
        for row in 0..<rows { for column in first + row + 1..<stride { dy[row * stride + column] = 0 } }
        let x = halves(rows * width, seed: 2)
        var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: rows, columns: width))
        let start = numbers(columns * width, seed: 3)
        var (want, got) = (start, start)
        var scratch = [UInt16](repeating: 0, count: BFloat16Product.leftSize(columns: columns, depth: rows))
        memory.withUnsafeMutableBufferPointer {
            let b = PackedMatrix(depth: rows, columns: width, in: $0.baseAddress!)
            b.pack(.rows, x, stride: width)
            BFloat16Product.addTransposedInThread(
                dy, stride: stride, columns: columns, b, into: &want, stride: width, scratch: &scratch)
            BFloat16Product.addCausalTransposedInThread(
                dy, stride: stride, first: first, b, into: &got, stride: width, scratch: &scratch)
        }
        #expect(got == want)
    }

    @Test(
        "few columns over tokens have the bits of the product over all",
        arguments: [(20, 600, 90), (8, 33, 1000), (3, 3, 1)])
    func multiplyTransposed(_ m: Int, _ n: Int, _ k: Int) {
        let (u, x) = (halves(k * m, seed: 1), halves(k * n, seed: 2))
        var memory = [UInt16](repeating: 0, count: PackedMatrix.size(depth: k, columns: n))
        var want = [Float](repeating: 0, count: m * n)
        var scratch = [UInt16](repeating: 0, count: BFloat16Product.leftScratch(depth: k))
        memory.withUnsafeMutableBufferPointer {
            let b = PackedMatrix(depth: k, columns: n, in: $0.baseAddress!)
            b.pack(.rows, x, stride: n)
            BFloat16Product.addTransposed(u, stride: m, columns: m, b, into: &want, stride: n, scratch: &scratch)
        }
        var got = [Float](repeating: .nan, count: m * n)
        BFloat16Product.multiplyTransposed(
            u, columns: m, depth: k, x, stride: n, columns: n, into: &got, scratch: &scratch)
        #expect(got == want)
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
