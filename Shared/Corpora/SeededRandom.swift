// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// SplitMix64 (Steele et al. 2014): the same seed gives the same numbers on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator of its own for each purpose and number, so that they do not depend on each other.
    init(seed: UInt64, purpose: String, number: Int = 0) {
        var hash = WordFingerprints.mix(0x243F_6A88_85A3_08D3, seed)
        for byte in purpose.utf8 { hash = WordFingerprints.mix(hash, UInt64(byte)) }
        state = WordFingerprints.mix(hash, UInt64(number))
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Shuffles in place (Fisher and Yates), the same way with every standard library.
    mutating func shuffle<Element>(_ elements: inout [Element]) {
        guard elements.count > 1 else { return }
        for last in stride(from: elements.count - 1, to: 0, by: -1) {
            // The bias of the remainder is below count / 2^64.
            elements.swapAt(last, Int(next() % UInt64(last + 1)))
        }
    }
}
