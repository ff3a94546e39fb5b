// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tensors

/// The order in which an epoch visits its samples, and every other random choice, as functions of seed and place.
///
/// Because the place alone decides (which epoch, which micro-batch of which step), a resumed run stores no generator
/// state: it continues with the same numbers.
enum SampleOrder {
    /// The numbers 0..<count in the order of `epoch`: Fisher and Yates over xoshiro256**, or as they are.
    static func indices(count: Int, epoch: Int, seed: UInt64, shuffle: Bool) -> [Int] {
        var order = Array(0..<count)
        guard shuffle else { return order }
        var generator = Xoshiro256(seed: key(seed: seed, purpose: .order, place: epoch))
        for last in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(last, below(last + 1, &generator))
        }
        return order
    }

    /// What a derived seed is for; each purpose has numbers of its own.
    enum Purpose: UInt64 {
        case order = 1
        case dropout = 2
        case adapter = 3
    }

    /// A seed for one place of one purpose.
    static func key(seed: UInt64, purpose: Purpose, place: Int...) -> UInt64 {
        place.reduce(Xoshiro256.mix(seed ^ Xoshiro256.mix(purpose.rawValue))) {
            Xoshiro256.mix($0 &+ Xoshiro256.mix(UInt64($1) &+ 0x9E37_79B9_7F4A_7C15))
        }
    }

    /// A number in 0..<bound without bias (Lemire's multiplication, with rejection).
    private static func below(_ bound: Int, _ generator: inout Xoshiro256) -> Int {
        let bound = UInt64(bound)
        let threshold = (0 &- bound) % bound
        while true {
            let product = generator.next().multipliedFullWidth(by: bound)
            if product.low >= threshold { return Int(product.high) }
        }
    }
}
