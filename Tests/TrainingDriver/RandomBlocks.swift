// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Llama
import Tensors

/// A model of random weights in Q8_0 blocks, made matrix by matrix as they are read: never whole, never in float32.
///
/// An element is uniform in ±127 scales, of the standard deviation that the configuration asks for; norms are 1.
final class RandomBlocks: WeightSource {
    let configuration: LlamaConfiguration
    private var matrices: [UnsafeMutableRawPointer] = []
    private var seed: UInt64 = 1

    init(_ configuration: LlamaConfiguration) { self.configuration = configuration }

    deinit { release() }

    func matrix(_ name: String, rows: Int, columns: Int) throws -> StoredMatrix {
        if rows == 1 {
            let norm = UnsafeMutablePointer<Float>.allocate(capacity: columns)
            norm.update(repeating: 1, count: columns)
            matrices.append(UnsafeMutableRawPointer(norm))
            return StoredMatrix(.numbers(.float32), norm, rows: 1, columns: columns)
        }
        let row = BlockFormat.q8.size(columns)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: rows * row, alignment: 64)
        matrices.append(memory)
        seed += 1
        let scale = Float16(configuration.initializerRange * 3.0.squareRoot() / 127)
        let seed = seed
        ThreadPool.shared.parallel(rows, grain: 64) { range in
            var generator = Xoshiro256(seed: seed << 32 + UInt64(range.lowerBound))
            for block in range.lowerBound * row / BlockFormat.q8.bytes..<range.upperBound * row / BlockFormat.q8.bytes {
                let at = memory + block * BlockFormat.q8.bytes
                at.storeBytes(of: scale.bitPattern, as: UInt16.self)
                for word in 0..<BlockFormat.elements / 8 {
                    // −128 is no value of the format; it becomes −127.
                    var bytes = generator.next()
                    withUnsafeMutableBytes(of: &bytes) {
                        for index in $0.indices where $0[index] == 0x80 { $0[index] = 0x81 }
                    }
                    (at + 2 + 8 * word).storeBytes(of: bytes, as: UInt64.self)
                }
            }
        }
        return StoredMatrix(.blocks(.q8), memory, rows: rows, columns: columns)
    }

    func release() {
        for memory in matrices { memory.deallocate() }
        matrices = []
    }
}
