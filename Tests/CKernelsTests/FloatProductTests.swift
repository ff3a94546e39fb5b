// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("float32 products have the same bits by every path")
struct FloatProductTests {
    static let shapes = [
        (1, 1, 1), (1, 64, 5), (2, 65, 7), (3, 96, 33), (4, 100, 16), (5, 31, 40), (13, 33, 20), (14, 64, 64),
        (15, 40, 9), (29, 32, 3),
    ]

    private static var paths: [ck_float_path] {
        (0...ck_best_float_path().rawValue).map { ck_float_path(rawValue: $0) }
    }

    private func chain(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Float {
        zip(a, b).reduce(into: Float(0)) { $0.addProduct($1.0, $1.1) }
    }

    /// Panels of B from its transpose [n, k].
    private func panels(_ s: [Float], _ n: Int, _ k: Int) -> [Float] {
        var memory = [Float](repeating: .nan, count: (n + 31) / 32 * k * 32)
        s.withUnsafeBufferPointer { s in
            memory.withUnsafeMutableBufferPointer { memory in
                guard let from = s.baseAddress, let to = memory.baseAddress else { return }
                for panel in 0..<(n + 31) / 32 {
                    let rows: [UnsafePointer<Float>?] = (0..<32).map {
                        panel * 32 + $0 < n ? from + (panel * 32 + $0) * k : nil
                    }
                    ck_pack_f32(rows, k, to + panel * k * 32)
                }
            }
        }
        return memory
    }

    @Test("one chain over the depth, added or not", arguments: shapes)
    func products(_ shape: (m: Int, n: Int, k: Int)) {
        let (m, n, k) = shape
        let (a, s, start) = (numbers(m * k, seed: 1), numbers(n * k, seed: 2), numbers(m * n, seed: 3))
        let b = panels(s, n, k)
        let want = (0..<m * n).map { place in
            chain(a[place / n * k..<place / n * k + k], s[place % n * k..<place % n * k + k])
        }
        for path in Self.paths {
            var c = start
            ck_f32_product(path, m, n, k, a, k, b, 32 * k, nil, 0, &c, n)
            #expect(c == want, "path \(path.rawValue)")
            c = [Float](repeating: 0, count: m * n)
            ck_f32_product(path, m, n, k, a, k, b, 32 * k, start, n, &c, n)
            #expect(c == zip(start, want).map { $0 + $1 }, "path \(path.rawValue), added")
        }
    }

    @Test(
        "keys and values in pages",
        arguments: [(1, 1, 64), (1, 3, 80), (2, 2, 16), (4, 3, 128), (5, 2, 48), (14, 1, 64), (20, 3, 80)],
        [false, true])
    func pages(_ shape: (rows: Int, pages: Int, width: Int), isHalf: Bool) {
        let (rows, count, width) = shape
        let (tokens, panelCount, offset) = (count * 32, (width + 31) / 32, 7)
        func kept(_ x: Float) -> Float { isHalf ? Float(Float16(x)) : x }
        let (keys, values) = (numbers(tokens * width, seed: 4), numbers(tokens * width, seed: 5))
        let (q, p) = (numbers(rows * width, seed: 6), numbers(rows * tokens, seed: 7))
        let valuesAt = offset + 32 * width
        let size = valuesAt + panelCount * 1024
        let scores = (0..<rows * tokens).map { place in
            chain(
                q[place / tokens * width..<(place / tokens + 1) * width],
                keys[place % tokens * width..<(place % tokens + 1) * width].map(kept))
        }
        let mixed = (0..<rows * width).map { place in
            chain(
                p[place / width * tokens..<(place / width + 1) * tokens],
                (0..<tokens).map { kept(values[$0 * width + place % width]) })
        }
        // Enough for either type; zeros where there is no column.
        var memory = [Float](repeating: 0, count: count * size)
        memory.withUnsafeMutableBufferPointer { memory in
            guard let base = memory.baseAddress else { return }
            for token in 0..<tokens {
                ck_paged_append(
                    isHalf ? 1 : 0, width, Array(keys[token * width..<(token + 1) * width]),
                    Array(values[token * width..<(token + 1) * width]), base + token / 32 * size, offset, valuesAt,
                    token % 32)
            }
            let places: [UnsafeRawPointer?] = (0..<count).map { UnsafeRawPointer(base + $0 * size) }
            for path in Self.paths {
                var got = [Float](repeating: .nan, count: rows * tokens)
                ck_paged_scores(path, isHalf ? 1 : 0, rows, width, q, width, places, count, offset, &got, tokens)
                #expect(got == scores, "path \(path.rawValue)")
                got = [Float](repeating: .nan, count: rows * width)
                ck_paged_mix(path, isHalf ? 1 : 0, rows, width, p, tokens, places, count, valuesAt, &got, width)
                #expect(got == mixed, "path \(path.rawValue)")
            }
        }
    }

    @Test("what is beyond float16 becomes its largest")
    func saturation() {
        var page = [Float16](repeating: 0, count: 4 * 32 + 32 * 32)
        ck_paged_append(1, 4, [1e6, -1e6, -.infinity, 1], [1, 2, 3, 65519], &page, 0, 128, 3)
        #expect([page[3], page[35], page[67], page[99]] == [65504, -65504, -.infinity, 1])
        #expect(Array(page[128 + 96..<128 + 100]) == [1, 2, 3, 65504])
    }
}
