// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensors
import Testing

@Suite("Tensors and parameter sets have value semantics")
struct TensorTests {
    @Test("copies part when one is written") func copies() {
        var a = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        let b = a
        a.withUnsafeMutableValues { $0[4] = 9 }
        #expect(a[1, 1] == 9 && b[1, 1] == 5)
        #expect(a.values == [1, 2, 3, 4, 9, 6] && a.shape.description == "[2, 3]")
    }

    @Test("large blocks are zeros, aligned, and written in place")
    func large() {
        var tensor = Tensor(zeros: [1 << 19])
        #expect(tensor.values.allSatisfy { $0 == 0 })
        let address = tensor.withUnsafeValues { UInt(bitPattern: $0.baseAddress) }
        #expect(address % 64 == 0)
        tensor.withUnsafeMutableValues { $0[0] = 1 }
        #expect(tensor.withUnsafeValues { UInt(bitPattern: $0.baseAddress) } == address)
    }

    @Test("a set holds its tensors one after the other; a tensor taken out keeps its values")
    func sets() throws {
        let layout = ParameterLayout([("a", [2]), ("b", [2, 2])])
        var set = try ParameterSet(zeros: layout)
        set.withUnsafeMutableValues(of: "b") { values in for index in values.indices { values[index] = Float(index) } }
        let b = try #require(set["b"])
        set.withUnsafeMutableValues { $0[2] = 7 }
        #expect(b.values == [0, 1, 2, 3])
        #expect(set["b"]?.values == [7, 1, 2, 3] && set["a"]?.values == [0, 0] && set["c"] == nil)
        set.zero()
        #expect(set.withUnsafeValues { $0.allSatisfy { $0 == 0 } })
    }

    @Test("a size the system cannot give is an error") func refusal() {
        #expect(throws: TensorError.self) { try ParameterSet(zeros: ParameterLayout([("x", [1 << 46])])) }
        #expect(Shape([1 << 40, 1 << 40]).checkedCount == nil && Shape([3, -1]).checkedCount == nil)
        #expect(Shape([]).checkedCount == 1 && Shape([4, 0]).checkedCount == 0)
    }

    @Test("an arena gives separate blocks and steady memory") func arena() throws {
        let arena = Arena()
        for step in 0..<4 {
            let blocks = try (0..<5).map { _ in try arena.take(40_000) }
            for (index, block) in blocks.enumerated() { block.update(repeating: Float(index), count: 40_000) }
            #expect(blocks.enumerated().allSatisfy { $1[0] == Float($0) && $1[39_999] == Float($0) })
            arena.reset()
            if step > 0 { #expect(arena.capacity >= 200_000 && arena.capacity < 300_000) }
        }
    }

    @Test("the generator's numbers are pinned and uniform") func generator() {
        var generator = Xoshiro256(seed: 0)
        // SplitMix64(0) seeds xoshiro256** with e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f, f88bb8a8724c81ec.
        #expect(generator.next() == 0x99ec_5f36_cb75_f2b4)
        #expect(generator.next() == 0xbf6e_1f78_4956_452a)
        let values = (0..<10_000).map { _ in generator.nextUniform() }
        #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(abs(values.reduce(0, +) / 10_000 - 0.5) < 0.01)
    }
}
