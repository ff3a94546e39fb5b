// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A hash table from 64-bit keys to 32-bit values with open addressing, built once and read often.
struct PairTable: Sendable {
    private struct Slot {
        var key: UInt64
        var value: Int32
    }
    private static let empty = UInt64.max
    private var slots: [Slot]
    private var shift: UInt64
    private(set) var count = 0

    /// A table with room for this many entries before it grows.
    init(minimumCapacity: Int = 16) {
        let size = max(16, minimumCapacity * 2)
        let bits = Int.bitWidth - (size - 1).leadingZeroBitCount
        slots = [Slot](repeating: Slot(key: Self.empty, value: 0), count: 1 << bits)
        shift = UInt64(64 - bits)
    }

    /// The key of an ordered pair of symbols, neither of them negative.
    @inline(__always)
    static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The value of a key, or −1.
    @inline(__always)
    func find(_ key: UInt64) -> Int32 {
        slots.withUnsafeBufferPointer { slots in
            let mask = slots.count - 1
            var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
            while true {
                let slot = slots[index]
                if slot.key == key { return slot.value }
                if slot.key == Self.empty { return -1 }
                index = (index &+ 1) & mask
            }
        }
    }

    /// Sets the value of a key that is not `UInt64.max`.
    mutating func insert(_ key: UInt64, _ value: Int32) {
        if (count + 1) * 2 > slots.count { grow() }
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> shift)
        while slots[index].key != Self.empty, slots[index].key != key { index = (index + 1) & mask }
        if slots[index].key == Self.empty { count += 1 }
        slots[index] = Slot(key: key, value: value)
    }

    private mutating func grow() {
        let old = slots
        self = PairTable(minimumCapacity: old.count)
        for slot in old where slot.key != Self.empty { insert(slot.key, slot.value) }
    }
}
