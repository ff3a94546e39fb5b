// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Tensors

@Suite("Work is cut into equal pieces")
struct EvenSplitTests {
    @Test("pieces cover all once, none is too large, and threads that take turns have the same to within a grain")
    func covers() {
        for count in [1, 13, 14, 100, 768, 2048, 4096, 32000] {
            for threads in [1, 2, 3, 8] {
                let split = EvenSplit(count, grain: 14, most: 224, threads: threads)
                var (seen, shares) = ([Int](repeating: 0, count: count), [Int](repeating: 0, count: threads))
                for piece in 0..<split.pieces {
                    #expect(split[piece].count <= 224)
                    for index in split[piece] { seen[index] += 1 }
                    shares[piece % threads] += split[piece].count
                }
                #expect(seen.allSatisfy { $0 == 1 })
                if count >= 14 * threads {
                    #expect((shares.max() ?? 0) - (shares.min() ?? 0) <= 2 * 14, "\(count) by \(threads)")
                }
            }
        }
    }
}
