// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// xoshiro256** by Blackman and Vigna, seeded by SplitMix64: the engine's own generator, so that a seed gives the same
/// numbers on every machine and with every version of the standard library.
public struct Xoshiro256: RandomNumberGenerator, Sendable, Codable, Equatable {
    private var words: [UInt64]

    /// A generator whose sequence follows from the seed.
    public init(seed: UInt64) {
        var mixer = seed
        words = (0..<4).map { _ in
            mixer &+= 0x9e37_79b9_7f4a_7c15
            return Self.mix(mixer)
        }
    }

    /// The finaliser of SplitMix64: turns counters and seeds into well-mixed keys.
    public static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        let result = Self.rotate(words[1] &* 5, 7) &* 9
        let t = words[1] << 17
        words[2] ^= words[0]
        words[3] ^= words[1]
        words[1] ^= words[2]
        words[0] ^= words[3]
        words[2] ^= t
        words[3] = Self.rotate(words[3], 45)
        return result
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func nextUniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    private static func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
}
