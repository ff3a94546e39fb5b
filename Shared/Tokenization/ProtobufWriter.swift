// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Writes the fields of a protocol buffers message.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ field: Int, _ value: UInt64) {
        put(UInt64(field) << 3)
        put(value)
    }

    /// Negative numbers take ten bytes, as `int32` fields do.
    mutating func integer(_ field: Int, _ value: Int) { varint(field, UInt64(bitPattern: Int64(value))) }

    mutating func flag(_ field: Int, _ value: Bool) { varint(field, value ? 1 : 0) }

    mutating func float(_ field: Int, _ value: Float) {
        put(UInt64(field) << 3 | 5)
        withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func data(_ field: Int, _ value: some Collection<UInt8>) {
        put(UInt64(field) << 3 | 2)
        put(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func put(_ value: UInt64) {
        var value = value
        while value >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
            value >>= 7
        }
        bytes.append(UInt8(value))
    }
}
