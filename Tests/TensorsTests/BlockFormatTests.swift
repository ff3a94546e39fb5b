// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors
import Testing

@Suite("Quantising in blocks")
struct BlockFormatTests {
    private func quantized(_ format: BlockFormat, _ x: [Float]) -> [UInt8] {
        var blocks = [UInt8](repeating: 0xff, count: format.size(x.count))
        format.quantize(x, count: x.count, into: &blocks)
        return blocks
    }

    private func dequantized(_ format: BlockFormat, _ blocks: [UInt8], count: Int) -> [Float] {
        var x = [Float](repeating: .nan, count: count)
        format.dequantize(blocks, count: count, into: &x)
        return x
    }

    @Test("Q8_0 by hand: the largest magnitude becomes 127, halves go away from zero")
    func q8() {
        var x = [Float](repeating: 0, count: 32)
        (x[0], x[1], x[2], x[3], x[31]) = (127, -2.5, 2.5, 0.5, -127)
        let blocks = quantized(.q8, x)
        #expect(blocks[0] == 0 && blocks[1] == 0x3c)  // 1 in float16, little-endian
        let want = [127, -3, 3, 1] + [Int8](repeating: 0, count: 27) + [-127]
        #expect(blocks[2...].map { Int8(bitPattern: $0) } == want)
        let back = dequantized(.q8, blocks, count: 32)
        #expect(back[0] == 127 && back[1] == -3 && back[4] == 0 && back[31] == -127)
    }

    @Test("Q4_0 by hand: the largest magnitude becomes -8, its sign in the scale")
    func q4() {
        var x = [Float](repeating: 0, count: 32)
        (x[0], x[1], x[15], x[16], x[31]) = (8, 7, 1, -7.4, -8)
        let blocks = quantized(.q4, x)
        // d = -1: 8 is -8 · d, stored as 0; 7 is -7, 1; 1 is -1, 7; -7.4 is 7, 15; -8 would be 8 and is cut to 7.
        #expect(blocks[0] == 0 && blocks[1] == 0xbc)
        #expect(blocks[2] == 0xf0 && blocks[3] == 0x81 && blocks[4] == 0x88 && blocks[17] == 0xf7)
        let back = dequantized(.q4, blocks, count: 32)
        #expect(back[0] == 8 && back[1] == 7 && back[15] == 1 && back[16] == -7 && back[31] == -7 && back[2] == 0)
    }

    @Test("every element within half a step, a whole one where Q4_0 cuts", arguments: BlockFormat.allCases)
    func closeness(_ format: BlockFormat) {
        var generator = Xoshiro256(seed: 5)
        let count = 32 * 3001
        let x = (0..<count).map { _ in Float(Int64(bitPattern: generator.next()) >> 40) / Float(1 << 23) }
        let back = dequantized(format, quantized(format, x), count: count)
        for start in stride(from: 0, to: count, by: 32) {
            let most = x[start..<start + 32].map(abs).max() ?? 0
            let step = most / (format == .q8 ? 127 : 8)
            for index in start..<start + 32 {
                let allowed = step * (format == .q8 ? 0.5 : 1) * 1.01 + most * 0.0006
                #expect(abs(x[index] - back[index]) <= allowed)
            }
        }
    }

    @Test("zeros stay zeros; a block that is not finite is not finite again", arguments: BlockFormat.allCases)
    func specials(_ format: BlockFormat) {
        let zeros = [Float](repeating: 0, count: 32)
        #expect(dequantized(format, quantized(format, zeros), count: 32).allSatisfy { $0 == 0 })
        for bad in [Float.nan, .infinity, -.infinity] {
            var x = [Float](repeating: 1, count: 64)
            x[40] = bad
            let back = dequantized(format, quantized(format, x), count: 64)
            let (whole, broken) = (back[..<32].allSatisfy(\.isFinite), back[32...].allSatisfy(\.isNaN))
            #expect(whole && broken)
        }
    }
}
