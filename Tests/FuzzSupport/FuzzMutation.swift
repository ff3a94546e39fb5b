// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Changes of bytes that need no knowledge of the format.
enum FuzzMutation {
    private static let numbers: [String] = [
        "0", "-1", "1", "127", "128", "255", "256", "32767", "65535", "65536", "1048577", "2147483647", "2147483648",
        "-2147483649", "4294967296", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
        "18446744073709551616", "99999999999999999999", "1e308", "1e999", "0.1", "-0", "00", "+1",
    ]

    /// One change; `others` are inputs to take pieces from.
    static func apply(
        to bytes: inout [UInt8], words: [[UInt8]], others: [[UInt8]], _ random: inout FuzzRandom
    ) {
        guard !bytes.isEmpty else {
            bytes = random.pick(others)
            return
        }
        let place = random.below(bytes.count)
        switch random.below(10) {
        case 0: bytes[place] ^= 1 << UInt8(random.below(8))
        case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 2: bytes.removeSubrange(range(from: place, in: bytes, &random))
        case 3: bytes.insert(contentsOf: bytes[range(from: place, in: bytes, &random)], at: place)
        case 4: bytes.removeSubrange(place...)
        case 5, 6: replaceNumber(after: place, in: &bytes, &random)
        case 7 where !words.isEmpty: bytes.insert(contentsOf: random.pick(words), at: place)
        case 8:
            let other = random.pick(others)
            guard !other.isEmpty else { return }
            let piece = other[range(from: random.below(other.count), in: other, &random)]
            bytes.replaceSubrange(range(from: place, in: bytes, &random), with: piece)
        default:
            let piece = Array(bytes[range(from: place, in: bytes, &random, most: 8)])
            for _ in 0..<(1 << random.below(9)) { bytes.insert(contentsOf: piece, at: place) }
        }
    }

    private static func range(
        from start: Int, in bytes: [UInt8], _ random: inout FuzzRandom, most: Int = 64
    ) -> Range<Int> {
        start..<min(bytes.count, start + 1 + random.below(random.oneIn(4) ? bytes.count : most))
    }

    /// Puts a number at the edge of something in place of the next one: lengths and counts are where readers trip.
    private static func replaceNumber(after place: Int, in bytes: inout [UInt8], _ random: inout FuzzRandom) {
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        let number = Array(random.pick(numbers).utf8)
        guard let start = bytes[place...].firstIndex(where: isDigit) else {
            bytes.insert(contentsOf: number, at: place)
            return
        }
        let end = bytes[start...].firstIndex { !isDigit($0) } ?? bytes.endIndex
        bytes.replaceSubrange(start..<end, with: number)
    }
}
