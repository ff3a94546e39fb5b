// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Testing
import Training

@Suite("The generator of training is a function of seed and place")
struct SplitMix64Tests {
    @Test("Its first numbers are those of Vigna's reference implementation")
    func reference() {
        // splitmix64.c (Vigna, 2015) started at 1234567.
        var generator = SplitMix64(seed: 1_234_567)
        let first = (0..<5).map { _ in generator.next() }
        #expect(
            first == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test("A permutation holds every number once and differs by place")
    func permutation() {
        var first = SplitMix64(seed: 3, place: 0)
        var second = SplitMix64(seed: 3, place: 1)
        let orders = [first.permutation(of: 100), second.permutation(of: 100)]
        #expect(orders[0].sorted() == Array(0..<100))
        #expect(orders[0] != orders[1])
        var again = SplitMix64(seed: 3, place: 0)
        #expect(again.permutation(of: 100) == orders[0])
    }

    @Test("Every first element is equally likely within chance")
    func uniform() {
        var counts = [Int](repeating: 0, count: 6)
        for epoch in 0..<6000 {
            var generator = SplitMix64(seed: 9, place: UInt64(epoch))
            counts[generator.permutation(of: 6)[0]] += 1
        }
        // 1000 expected each, standard deviation 29.
        #expect(counts.allSatisfy { abs($0 - 1000) < 150 })
    }
}
