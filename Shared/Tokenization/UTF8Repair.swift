// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// UTF-8 as sentencepiece reads it: what is no scalar is U+FFFD, one for each byte.
enum UTF8Repair {
    static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]

    /// The length of the scalar at `index`, or 0 if there is none: overlong forms, surrogates and values beyond
    /// U+10FFFF are none.
    @inline(__always)
    static func scalarLength<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes, at index: Int) -> Int
    where Bytes.Index == Int {
        let first = bytes[index], left = bytes.endIndex - index
        if first < 0x80 { return 1 }
        func follows(_ offset: Int) -> Bool { bytes[index + offset] & 0xC0 == 0x80 }
        if first >= 0xC2, first < 0xE0 { return left >= 2 && follows(1) ? 2 : 0 }
        if first >= 0xE0, first < 0xF0 {
            guard left >= 3, follows(1), follows(2) else { return 0 }
            let second = bytes[index + 1]
            if first == 0xE0, second < 0xA0 { return 0 }
            if first == 0xED, second >= 0xA0 { return 0 }
            return 3
        }
        if first >= 0xF0, first < 0xF5 {
            guard left >= 4, follows(1), follows(2), follows(3) else { return 0 }
            let second = bytes[index + 1]
            if first == 0xF0, second < 0x90 { return 0 }
            if first == 0xF4, second >= 0x90 { return 0 }
            return 4
        }
        return 0
    }

    /// The offset of the first byte that is no part of a scalar, or nil.
    static func firstInvalidByte(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var index = 0
        let raw = UnsafeRawBufferPointer(bytes)
        while index < bytes.count {
            if index + 8 <= bytes.count {
                let eight = raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                if eight & 0x8080_8080_8080_8080 == 0 {
                    index += 8
                    continue
                }
            }
            let length = scalarLength(bytes, at: index)
            if length == 0 { return index }
            index += length
        }
        return nil
    }

    /// Whether these bytes could begin a scalar whose rest has not come yet.
    static func isPrefix(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let first = bytes.first, first >= 0xC2, first < 0xF5 else { return false }
        let wanted = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard bytes.count < wanted else { return false }
        // Completed with the smallest and the largest continuation, one of the two is a scalar if any is.
        for filler in [UInt8(0x80), 0xBF] {
            let whole = Array(bytes) + [UInt8](repeating: filler, count: wanted - bytes.count)
            if scalarLength(whole, at: 0) == wanted { return true }
        }
        return false
    }

    /// Gives `body` these bytes with every invalid one as U+FFFD.
    static func withValid(_ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
        guard firstInvalidByte(text) != nil else { return body(text) }
        var bytes = Array(text)
        var repaired: [UInt8] = []
        drain(&bytes, into: &repaired, isFinal: true)
        repaired.withUnsafeBufferPointer(body)
    }

    /// What becomes one U+FFFD where bytes are no scalar.
    enum Unit: Sendable {
        /// Every byte, as in sentencepiece.
        case byte
        /// The longest run that could begin a scalar (Unicode 16, section 3.9.6), as in Rust and Swift.
        case maximalSubpart
    }

    /// Moves scalars from `pending` to `ready`, invalid bytes as U+FFFD; an unfinished scalar stays unless `isFinal`.
    static func drain(
        _ pending: inout [UInt8], into ready: inout [UInt8], isFinal: Bool, replacing unit: Unit = .byte
    ) {
        var index = 0
        while index < pending.count {
            let length = scalarLength(pending, at: index)
            if length > 0 {
                ready.append(contentsOf: pending[index..<index + length])
                index += length
            } else if !isFinal, isPrefix(pending[index...]) {
                break
            } else {
                ready.append(contentsOf: replacement)
                let start = index
                index += 1
                guard unit == .maximalSubpart else { continue }
                while index < pending.count, isPrefix(pending[start...index]) { index += 1 }
            }
        }
        pending.removeFirst(index)
    }
}
