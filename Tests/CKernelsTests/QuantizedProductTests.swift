// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import CKernels
import Testing

@Suite("Quantised products have the same bits by every path")
struct QuantizedProductTests {
    static let shapes = [(1, 1, 32), (2, 31, 64), (3, 32, 32), (7, 33, 96), (8, 64, 64), (15, 70, 128), (16, 40, 224)]
    static let types = [ck_q8_0, ck_q4_0]

    private func bytes(_ type: ck_quantized_type) -> Int { Int(type == ck_q8_0 ? CK_Q8_0_BYTES : CK_Q4_0_BYTES) }
    private func panelBytes(_ type: ck_quantized_type) -> Int {
        Int(type == ck_q8_0 ? CK_Q8_PANEL_BLOCK : CK_Q4_PANEL_BLOCK)
    }

    private func blocks(_ type: ck_quantized_type, _ x: [Float]) -> [UInt8] {
        var to = [UInt8](repeating: 0, count: x.count / 32 * bytes(type))
        if type == ck_q8_0 { ck_quantize_q8_0(x, &to, x.count) } else { ck_quantize_q4_0(x, &to, x.count) }
        return to
    }

    /// The integers and scales of rows of blocks.
    private func opened(_ type: ck_quantized_type, _ blocks: [UInt8]) -> (values: [Int32], scales: [Float]) {
        var values: [Int32] = []
        var scales: [Float] = []
        for start in stride(from: 0, to: blocks.count, by: bytes(type)) {
            scales.append(Float(Float16(bitPattern: UInt16(blocks[start]) | UInt16(blocks[start + 1]) << 8)))
            let body = blocks[(start + 2)..<(start + bytes(type))]
            if type == ck_q8_0 {
                values += body.map { Int32(Int8(bitPattern: $0)) }
            } else {
                values += body.map { Int32($0 & 15) - 8 } + body.map { Int32($0 >> 4) - 8 }
            }
        }
        return (values, scales)
    }

    /// Panels of B from rows of blocks [n, k].
    private func panels(
        _ type: ck_quantized_type, _ blocks: [UInt8], _ n: Int, _ k: Int
    ) -> (memory: [UInt8], step: Int) {
        let step = k / 32 * panelBytes(type)
        var memory = [UInt8](repeating: 0xee, count: (n + 31) / 32 * step)
        let row = k / 32 * bytes(type)
        blocks.withUnsafeBufferPointer { blocks in
            memory.withUnsafeMutableBufferPointer { memory in
                guard let from = blocks.baseAddress, let to = memory.baseAddress else { return }
                for panel in 0..<(n + 31) / 32 {
                    let rows: [UnsafePointer<UInt8>?] = (0..<32).map {
                        panel * 32 + $0 < n ? from + (panel * 32 + $0) * row : nil
                    }
                    ck_pack_blocks(type, rows, k, to + panel * step)
                }
            }
        }
        return (memory, step)
    }

    @Test("as the sum is stated: exact in a block, blocks in order", arguments: types, shapes)
    func products(_ type: ck_quantized_type, _ shape: (m: Int, n: Int, k: Int)) {
        let (m, n, k) = shape
        let per = k / 32
        let rows = blocks(type, numbers(n * k, seed: 1))
        let (weights, scales) = opened(type, rows)
        let (memory, step) = panels(type, rows, n, k)
        let (x, start) = (numbers(m * k, seed: 2), numbers(m * n, seed: 3))
        // Rows lie further apart than they are long.
        let stride = k + 64
        var (values, xScales) = ([Int8](repeating: 99, count: m * stride), [Float](repeating: 0, count: m * per))
        var corrections = [Int32](repeating: 0, count: m * per)
        for row in 0..<m {
            values.withUnsafeMutableBufferPointer { values in
                guard let base = values.baseAddress else { return }
                x.withUnsafeBufferPointer { x in
                    guard let x = x.baseAddress else { return }
                    var (s, c) = ([Float](repeating: 0, count: per), [Int32](repeating: 0, count: per))
                    ck_quantize_activations(x + row * k, k, type, base + row * stride, &s, &c)
                    xScales.replaceSubrange(row * per..<(row + 1) * per, with: s)
                    corrections.replaceSubrange(row * per..<(row + 1) * per, with: c)
                }
            }
        }
        let want = (0..<m * n).map { place -> Float in
            var sum: Float = 0
            for block in 0..<per {
                let dot = (0..<32).reduce(Int32(0)) {
                    $0 + weights[place % n * k + block * 32 + $1]
                        * Int32(values[place / n * stride + block * 32 + $1])
                }
                sum.addProduct(Float(dot), scales[place % n * per + block] * xScales[place / n * per + block])
            }
            return sum
        }
        for path in (0...ck_best_integer_path().rawValue).map({ ck_integer_path(rawValue: $0) }) {
            let a = { (v: UnsafePointer<Int8>, s: UnsafePointer<Float>, c: UnsafePointer<Int32>) in
                ck_quantized_rows(values: v, scales: s, corrections: c, stride: stride, block_stride: per)
            }(values, xScales, corrections)
            var c = start
            ck_quantized_product(path, type, m, n, k, a, memory, step, nil, 0, &c, n)
            #expect(c == want, "path \(path.rawValue)")
            c = [Float](repeating: 0, count: m * n)
            ck_quantized_product(path, type, m, n, k, a, memory, step, start, n, &c, n)
            #expect(c == zip(start, want).map { $0 + $1 }, "path \(path.rawValue), added")
        }
    }

    @Test("the largest numbers there are saturate nowhere", arguments: types, [Int8(127), -127])
    func extremes(_ type: ck_quantized_type, _ value: Int8) {
        let (m, n, k) = (7, 32, 64)
        // -128 of a file, which no quantising gives, and the largest; of Q4_0 both halves -8, and 7.
        let low = (type == ck_q8_0 ? [UInt8](repeating: 0x80, count: 32) : [UInt8](repeating: 0x00, count: 16))
        let high = (type == ck_q8_0 ? [UInt8](repeating: 0x7f, count: 32) : [UInt8](repeating: 0xff, count: 16))
        let one: [UInt8] = [0x00, 0x3c]
        let (lowest, highest): ([UInt8], [UInt8]) = (one + low, one + high)
        var rows: [UInt8] = []
        for column in 0..<n { rows += (column % 2 == 0 ? lowest : highest) + highest }
        let (memory, step) = panels(type, rows, n, k)
        let values = [Int8](repeating: value, count: m * k)
        let scales = [Float](repeating: 1, count: m * 2)
        let offset: Int32 = type == ck_q8_0 ? -128 : -8
        let corrections = [Int32](repeating: offset * 32 * Int32(value), count: m * 2)
        let (least, most): (Int, Int) = type == ck_q8_0 ? (-128, 127) : (-8, 7)
        let (even, odd) = (Float(32 * Int(value) * (least + most)), Float(64 * Int(value) * most))
        let want = (0..<m * n).map { $0 % 2 == 0 ? even : odd }
        for path in (0...ck_best_integer_path().rawValue).map({ ck_integer_path(rawValue: $0) }) {
            let a = { (v: UnsafePointer<Int8>, s: UnsafePointer<Float>, c: UnsafePointer<Int32>) in
                ck_quantized_rows(values: v, scales: s, corrections: c, stride: k, block_stride: 2)
            }(values, scales, corrections)
            var c = [Float](repeating: 0, count: m * n)
            ck_quantized_product(path, type, m, n, k, a, memory, step, nil, 0, &c, n)
            #expect(c == want, "path \(path.rawValue)")
        }
    }

    @Test("what is packed comes back", arguments: types)
    func unpacking(_ type: ck_quantized_type) {
        let (n, k) = (40, 96)
        let rows = blocks(type, numbers(n * k, seed: 4))
        let (memory, step) = panels(type, rows, n, k)
        let row = k / 32 * bytes(type)
        for column in 0..<n {
            var back = [UInt8](repeating: 0, count: row)
            memory.withUnsafeBufferPointer { memory in
                guard let base = memory.baseAddress else { return }
                ck_unpack_blocks(type, base + column / 32 * step, column % 32, k, &back)
            }
            #expect(back == Array(rows[column * row..<(column + 1) * row]))
        }
    }

    @Test("activations: nearest, ties to even; what is no number is not hidden")
    func activations() {
        var x = [Float](repeating: 0, count: 96)
        (x[0], x[1], x[2], x[3]) = (127, 0.5, 1.5, -2.5)
        x[40] = .nan
        x[70] = Float.leastNonzeroMagnitude
        var (values, scales) = ([Int8](repeating: 9, count: 96), [Float](repeating: 9, count: 3))
        var corrections = [Int32](repeating: 9, count: 3)
        ck_quantize_activations(x, 96, ck_q8_0, &values, &scales, &corrections)
        #expect(Array(values[..<4]) == [127, 0, 2, -2] && scales[0] == 1 && corrections[0] == -128 * 127)
        #expect(scales[1].isNaN && corrections[1] == 0)
        #expect(Array(values[32...]) == [Int8](repeating: 0, count: 64))
    }
}
