// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Byte strings to numbers; two strings are the same when their bytes are (never by canonical equivalence).
struct PieceTable: Sendable {
    private var arena: [UInt8] = []
    private var ends: [Int] = [0]
    private var values: [Int32] = []
    private var slots: [Int32]

    init(minimumCapacity: Int) {
        var size = 16
        while size < minimumCapacity * 2 { size *= 2 }
        slots = [Int32](repeating: -1, count: size)
    }

    /// How many strings there are.
    var count: Int { values.count }

    /// The value of a string, or −1.
    func find(_ bytes: UnsafeBufferPointer<UInt8>) -> Int32 {
        let entry = slots[slot(of: bytes)]
        return entry < 0 ? -1 : values[Int(entry)]
    }

    /// The value of a string, or −1.
    func find(_ bytes: [UInt8]) -> Int32 { bytes.withUnsafeBufferPointer { find($0) } }

    /// The string that was inserted as number `entry`, counted from 0.
    func bytes(ofEntry entry: Int) -> [UInt8] { Array(arena[ends[entry]..<ends[entry + 1]]) }

    /// The value of the string that was inserted as number `entry`, counted from 0.
    func find(entry: Int) -> Int32 { values[entry] }

    /// Adds a string, or returns the value it already has.
    mutating func insert(_ bytes: [UInt8], _ value: Int32) -> Int32? {
        if (count + 1) * 2 > slots.count { grow() }
        let index = bytes.withUnsafeBufferPointer { slot(of: $0) }
        if slots[index] >= 0 { return values[Int(slots[index])] }
        slots[index] = Int32(values.count)
        arena.append(contentsOf: bytes)
        ends.append(arena.count)
        values.append(value)
        return nil
    }

    private func slot(of bytes: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var index = Int(truncatingIfNeeded: Self.hash(bytes)) & mask
        while slots[index] >= 0 {
            let entry = Int(slots[index])
            let isEqual = arena.withUnsafeBufferPointer {
                bytes.elementsEqual(UnsafeBufferPointer(rebasing: $0[ends[entry]..<ends[entry + 1]]))
            }
            if isEqual { return index }
            index = (index + 1) & mask
        }
        return index
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: slots.count * 2)
        for entry in values.indices {
            let index = Array(arena[ends[entry]..<ends[entry + 1]]).withUnsafeBufferPointer { slot(of: $0) }
            slots[index] = Int32(entry)
        }
    }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return hash ^ (hash >> 29)
    }
}
