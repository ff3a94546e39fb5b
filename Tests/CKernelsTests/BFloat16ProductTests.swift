// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("bfloat16 products have the same bits by every path")
struct BFloat16ProductTests {
    struct Case: Sendable, CustomStringConvertible {
        let m: Int
        let n: Int
        let k: Int
        var description: String { "\(m)x\(n)x\(k)" }
    }

    /// A denormal.
    private let tiny = Float(bitPattern: 0x000a_e398)

    static let cases = [
        (1, 1, 1), (1, 32, 2), (2, 5, 3), (13, 31, 33), (14, 32, 64), (15, 33, 65), (29, 64, 383), (28, 70, 384),
        (1, 97, 1155), (3, 64, 770),
        (4, 130, 385),
        (30, 40, 385), (5, 100, 769), (450, 33, 20), (16, 16, 801),
    ].map { Case(m: $0.0, n: $0.1, k: $0.2) }

    private static var paths: [ck_product_path] {
        (0...ck_best_product_path().rawValue).map { ck_product_path(rawValue: $0) }
    }

    /// The sums as CKernels.h states them, one rounding after the other.
    private func stated(_ a: [Float], _ b: [Float], _ c: [Float], _ shape: Case, accumulate: Bool) -> [Float] {
        var result = c
        for row in 0..<shape.m {
            for column in 0..<shape.n {
                var total: Float?
                if accumulate { total = c[row * shape.n + column] }
                for start in stride(from: 0, to: shape.k, by: Int(CK_DEPTH_BLOCK)) {
                    var sum: Float = 0
                    for pair in stride(from: start, to: min(shape.k, start + Int(CK_DEPTH_BLOCK)), by: 2) {
                        for index in [pair + 1, pair] where index < shape.k {
                            sum.addProduct(a[row * shape.k + index], b[index * shape.n + column])
                        }
                    }
                    total = total.map { $0 + sum } ?? sum
                }
                result[row * shape.n + column] = total ?? 0
            }
        }
        return result
    }

    private func narrowed(_ x: [Float]) -> [UInt16] {
        var y = [UInt16](repeating: 0, count: x.count)
        ck_narrow_rows(x, x.count, &y, x.count, 1, x.count)
        return y
    }

    private func widened(_ x: [UInt16]) -> [Float] { x.map { Float(bitPattern: UInt32($0) << 16) } }

    private func transposed<T>(_ x: [T], rows: Int, columns: Int) -> [T] {
        (0..<columns).flatMap { column in (0..<rows).map { x[$0 * columns + column] } }
    }

    private func packed(
        _ shape: Case, _ pack: (Int, Int, UnsafeMutablePointer<UInt16>) -> Void
    ) -> [UInt16] {
        let panels = (shape.n + 31) / 32
        var memory = [UInt16](repeating: 0xffff, count: panels * ck_panel_size(shape.k))
        // In two calls, as two threads would.
        memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            pack(0, panels / 2, base)
            pack(panels / 2, panels, base + panels / 2 * ck_panel_size(shape.k))
        }
        return memory
    }

    @Test("every shape, added or not, rows of A packed or not", arguments: cases)
    func products(_ shape: Case) {
        let (m, n, k) = (shape.m, shape.n, shape.k)
        let (a, s) = (narrowed(numbers(m * k, seed: 1)), narrowed(numbers(n * k, seed: 2)))
        let b = packed(shape) { ck_pack_columns_bf16(s, k, k, n, $0, $1, $2) }
        var left = [UInt16](repeating: 0xffff, count: (m + 13) / 14 * ck_left_panel_size(k))
        ck_pack_left_bf16(transposed(a, rows: m, columns: k), m, k, m, 0, (m + 13) / 14, &left)
        let start = numbers(m * n, seed: 3)
        for accumulate: Int32 in [0, 1] {
            let want = stated(
                widened(a), transposed(widened(s), rows: n, columns: k), start, shape, accumulate: accumulate == 1)
            for path in Self.paths {
                var c = start
                ck_bf16_product(path, m, n, k, a, k, 0, b, ck_panel_size(k), &c, n, accumulate)
                #expect(c == want, "path \(path.rawValue)")
                c = start
                ck_bf16_product(path, m, n, k, left, ck_left_panel_size(k), 1, b, ck_panel_size(k), &c, n, accumulate)
                #expect(c == want, "path \(path.rawValue), packed rows")
                c = start
                let before = accumulate == 1 ? start : nil
                ck_bf16_few_rows(path, m, n, k, a, k, b, ck_panel_size(k), before, n, &c, n)
                #expect(c == want, "path \(path.rawValue), few rows")
            }
        }
        // In double precision: rounding alone lies between.
        let (wideA, wideS) = (widened(a), widened(s))
        let exact = (0..<m * n).map { place in
            (0..<k).reduce(0.0) { $0 + Double(wideA[place / n * k + $1]) * Double(wideS[place % n * k + $1]) }
        }
        var c = start
        ck_bf16_product(ck_best_product_path(), m, n, k, a, k, 0, b, ck_panel_size(k), &c, n, 0)
        #expect(zip(c, exact).allSatisfy { abs(Double($0) - $1) < 1e-5 * Double(k) })
    }

    @Test(
        "rows of A that lie a power of two apart are packed on the way, and rounding as sums are stored changes no bit",
        arguments: [(3, 256, 64, 1024), (30, 300, 801, 2048), (130, 256, 1700, 3072), (57, 256, 8000, 8192)])
    func aliasedRows(_ m: Int, _ n: Int, _ k: Int, _ stride: Int) {
        let shape = Case(m: m, n: n, k: k)
        let (a, s) = (narrowed(numbers(m * k, seed: 5)), narrowed(numbers(n * k, seed: 6)))
        let b = packed(shape) { ck_pack_columns_bf16(s, k, k, n, $0, $1, $2) }
        var apart = [UInt16](repeating: 0xffff, count: m * stride)
        for row in 0..<m { apart.replaceSubrange(row * stride..<row * stride + k, with: a[row * k..<(row + 1) * k]) }
        // A second, short product for the same result.
        let (u, v) = (narrowed(numbers(m * 8, seed: 7)), narrowed(numbers(n * 8, seed: 8)))
        let short = packed(Case(m: m, n: n, k: 8)) { ck_pack_columns_bf16(v, 8, 8, n, $0, $1, $2) }
        func sum(_ path: ck_product_path, _ x: [UInt16], _ step: Int, rounded: Bool) -> ([Float], [UInt16]) {
            var (sums, halves) = ([Float](repeating: 0, count: m * n), [UInt16](repeating: 0, count: m * n))
            x.withUnsafeBufferPointer { x in
                b.withUnsafeBufferPointer { b in
                    u.withUnsafeBufferPointer { u in
                        short.withUnsafeBufferPointer { short in
                            let terms = [
                                ck_bf16_term(
                                    a: x.baseAddress, a_step: step, a_is_packed: 0, b: b.baseAddress,
                                    b_step: ck_panel_size(k), b_is_rows: 0, k: k),
                                ck_bf16_term(
                                    a: u.baseAddress, a_step: 8, a_is_packed: 0, b: short.baseAddress,
                                    b_step: ck_panel_size(8), b_is_rows: 0, k: 8),
                            ]
                            sums.withUnsafeMutableBufferPointer { sums in
                                halves.withUnsafeMutableBufferPointer { halves in
                                    var result = ck_bf16_result()
                                    result.stride = n
                                    if rounded {
                                        result.rounded = halves.baseAddress
                                    } else {
                                        result.sums = sums.baseAddress
                                    }
                                    ck_bf16_sum_of_products(path, m, n, terms, 2, &result)
                                }
                            }
                        }
                    }
                }
            }
            return (sums, halves)
        }
        let want = sum(ck_best_product_path(), a, k, rounded: false).0
        for path in Self.paths where m * n * k < 1 << 26 || path == ck_best_product_path() {
            #expect(sum(path, apart, stride, rounded: false).0 == want, "path \(path.rawValue)")
            #expect(sum(path, apart, stride, rounded: true).1 == narrowed(want), "path \(path.rawValue), rounded")
        }
    }

    @Test("all four ways of packing B give the same panels, missing places zero", arguments: cases)
    func packing(_ shape: Case) {
        let (n, k) = (shape.n, shape.k)
        let source = numbers(n * k, seed: 4)
        let across = transposed(source, rows: n, columns: k)
        let columns = packed(shape) { ck_pack_columns_f32(source, k, k, n, $0, $1, $2) }
        #expect(packed(shape) { ck_pack_rows_f32(across, n, k, n, $0, $1, $2) } == columns)
        #expect(packed(shape) { ck_pack_columns_bf16(narrowed(source), k, k, n, $0, $1, $2) } == columns)
        #expect(packed(shape) { ck_pack_rows_bf16(narrowed(across), n, k, n, $0, $1, $2) } == columns)
        // Rows of one matrix for both directions at once, in two goes.
        let bytes = (forward: (n + 31) / 32 * ck_panel_size(k) * 2, backward: (k + 31) / 32 * ck_panel_size(n) * 2)
        let both = UnsafeMutableRawPointer.allocate(byteCount: bytes.forward + bytes.backward, alignment: 64)
        defer { both.deallocate() }
        let forward = both.bindMemory(to: UInt16.self, capacity: bytes.forward / 2)
        let backward = (both + bytes.forward).bindMemory(to: UInt16.self, capacity: bytes.backward / 2)
        for range in [0..<min(32, n), min(32, n)..<n] {
            ck_pack_both_f32(source, n, k, range.lowerBound, range.upperBound, forward, backward)
        }
        #expect(Array(UnsafeBufferPointer(start: forward, count: bytes.forward / 2)) == columns)
        let straight = packed(Case(m: shape.m, n: k, k: n)) { ck_pack_rows_f32(source, k, n, k, $0, $1, $2) }
        #expect(Array(UnsafeBufferPointer(start: backward, count: bytes.backward / 2)) == straight)
        let halves = narrowed(source)
        for panel in 0..<(n + 31) / 32 {
            for row in 0..<(k + 1) / 2 * 2 {
                for column in 0..<32 {
                    let place = panel * ck_panel_size(k) + row / 2 * 64 + column * 2 + row % 2
                    let exists = row < k && panel * 32 + column < n
                    let want = exists ? halves[(panel * 32 + column) * k + row] : 0
                    if columns[place] != want { Issue.record("panel \(panel) row \(row) column \(column)") }
                }
            }
        }
    }

    @Test("denormals count as zeros, infinities and NaN pass, by every path")
    func specials() {
        let values: [Float] = [tiny, -tiny, 1e-20, 1e-19, 3e38, .infinity, .nan, -0.0, 1, 1.2e-38, 65280, -1e-25]
        let a = widened(values.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) })
        let bits = values.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }
        for left in a.indices {
            var pair = [bits[left], bits[(left + 3) % bits.count]]
            var panel = [UInt16](repeating: 0, count: 64)
            for column in bits.indices {
                panel[column * 2] = bits[column]
                panel[column * 2 + 1] = bits[(column + 5) % bits.count]
            }
            var results: [[UInt32]] = []
            for path in Self.paths.dropFirst() {
                var c = [Float](repeating: 0, count: 32)
                ck_bf16_product(path, 1, 32, 2, &pair, 2, 0, panel, 64, &c, 32, 0)
                results.append(c.map { $0.isNaN ? 0x7fc0_0000 : $0.bitPattern })
            }
            #expect(Set(results).count <= 1, "left \(left)")
        }
    }

    @Test("what sums are added to keeps its denormals, by every path")
    func denormalsBefore() {
        let (zeros, panel) = ([UInt16](repeating: 0, count: 2), [UInt16](repeating: 0, count: 64))
        for path in Self.paths {
            var c = [Float](repeating: tiny, count: 32)
            ck_bf16_product(path, 1, 32, 2, zeros, 2, 0, panel, 64, &c, 32, 1)
            #expect(c == [Float](repeating: tiny, count: 32), "path \(path.rawValue)")
        }
    }

    @Test("rounding to nearest even, denormals to zero, NaN kept")
    func rounding() {
        let values: [Float] = [1, 1 + 1 / 256, 1 + 3 / 256, -1 - 1 / 256, tiny, -tiny, .infinity, -.infinity, 0, -0.0]
        let want: [Float] = [1, 1, 1 + 2 / 128, -1, 0, -0.0, .infinity, -.infinity, 0, -0.0]
        #expect(widened(narrowed(values)).map(\.bitPattern) == want.map(\.bitPattern))
        #expect(widened(narrowed([.nan]))[0].isNaN)
        var wide: [Float] = [0, 0]
        ck_widen_rows(narrowed([0.5, -3]), 2, &wide, 2, 1, 2)
        #expect(wide == [0.5, -3])
    }
}
