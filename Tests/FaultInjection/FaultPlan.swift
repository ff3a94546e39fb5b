// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Decides, call by call, what goes wrong.
public struct FaultPlan: Sendable {
    private let decide: @Sendable (BrokerOperation) -> BrokerFault?

    /// A plan by a closure.
    public init(_ decide: @escaping @Sendable (BrokerOperation) -> BrokerFault?) { self.decide = decide }

    /// The fault of the next call of an operation.
    public func next(_ operation: BrokerOperation) -> BrokerFault? { decide(operation) }

    /// Nothing goes wrong.
    public static let none = FaultPlan { _ in nil }

    /// One fault, at the `count`th call (from 1) of an operation.
    public static func once(_ fault: BrokerFault, at operation: BrokerOperation, count: Int = 1) -> FaultPlan {
        let calls = Mutex(0)
        return FaultPlan { called in
            guard called == operation else { return nil }
            return calls.withLock { calls in
                calls += 1
                return calls == count ? fault : nil
            }
        }
    }

    /// Faults drawn from a list for about `share` (0…1) of the calls of some operations: the same seed, the same
    /// draws. Calls that run side by side may take them in another order.
    public static func seeded(
        _ seed: UInt64, share: Double, faults: [BrokerFault],
        operations: Set<BrokerOperation> = Set(BrokerOperation.allCases)
    ) -> FaultPlan {
        let state = Mutex(SeededGenerator(seed))
        return FaultPlan { operation in
            guard operations.contains(operation) else { return nil }
            return state.withLock { generator in
                Double.random(in: 0..<1, using: &generator) < share ? faults.randomElement(using: &generator) : nil
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the same seed gives the same numbers on every machine.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator of a seed.
    public init(_ seed: UInt64) { state = seed }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
