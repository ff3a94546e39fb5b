// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Steele, Lea and Flood's SplitMix64: a 64-bit counter and a finalizer, the same on every machine.
///
/// Every random choice of training (the order of samples, dropped adapter inputs) comes from one of these, seeded by
/// the recipe's seed and the place it is used at. So the place alone is the state: a resumed run stores no generator.
public struct SplitMix64: RandomNumberGenerator, Sendable, Hashable {
    private var state: UInt64

    public init(seed: UInt64) {
        state = seed
    }

    /// A generator for one place, such as an epoch or a micro-batch of a step.
    public init(seed: UInt64, place: UInt64...) {
        state = seed
        for part in place { state = next() ^ part }
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number in 0..<bound without bias (Lemire's multiplication, with rejection).
    public mutating func below(_ bound: Int) -> Int {
        let bound = UInt64(bound)
        let threshold = (0 &- bound) % bound
        while true {
            let product = next().multipliedFullWidth(by: bound)
            if product.low >= threshold { return Int(product.high) }
        }
    }

    /// The numbers 0..<count in random order, by Fisher and Yates from the end.
    public mutating func permutation(of count: Int) -> [Int] {
        var order = Array(0..<count)
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, below(last + 1))
        }
        return order
    }
}
