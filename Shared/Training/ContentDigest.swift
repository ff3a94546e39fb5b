// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Files
import Tensors

/// A 128-bit fingerprint of bytes, to notice that a checkpoint belongs to other data or that a file is damaged.
///
/// Two independent lanes of multiply and mix over 8-byte words. It guards against mistakes, not against attackers.
struct ContentDigest: Sendable {
    private var first: UInt64 = 0x243F_6A88_85A3_08D3
    private var second: UInt64 = 0x1319_8A2E_0370_7344
    private var count: UInt64 = 0

    /// Takes a whole file in, keeping no more than a few pages of it in memory.
    mutating func update(_ file: MappedFile) {
        withExtendedLifetime(file) { update(file.bytes, pausing: file.release) }
    }

    /// `pausing` is called now and then; it changes nothing of the fingerprint.
    mutating func update(_ bytes: UnsafeRawBufferPointer, pausing: () -> Void = {}) {
        var offset = 0
        while offset + 8 <= bytes.count {
            let end = min(bytes.count, offset + 1 << 23)
            while offset + 8 <= end {
                absorb(bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            pausing()
        }
        var rest: UInt64 = 0
        for (shift, byte) in bytes[offset...].enumerated() { rest |= UInt64(byte) << UInt64(8 * shift) }
        absorb(rest)
        count &+= UInt64(bytes.count)
        absorb(count)
    }

    /// 32 hexadecimal digits.
    var text: String {
        [Xoshiro256.mix(first ^ second.byteSwapped), Xoshiro256.mix(second &+ first)]
            .map { word in
                let digits = String(word, radix: 16)
                return String(repeating: "0", count: 16 - digits.count) + digits
            }
            .joined()
    }

    private mutating func absorb(_ word: UInt64) {
        first = (first ^ word) &* 0x9FB2_1C65_1E98_DF25
        first ^= first >> 32
        second = (second &+ word) &* 0xD6E8_FEB8_6659_FD93
        second = (second << 29) | (second >> 35)
    }
}
