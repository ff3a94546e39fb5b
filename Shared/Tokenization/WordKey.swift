// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The bytes of a short word as three numbers: text zero-padded to 22 bytes, then its length.
struct WordKey {
    let a: UInt64
    let b: UInt64
    let c: UInt64
    let hash: UInt64

    @inline(__always)
    init(_ text: UnsafeBufferPointer<UInt8>, _ begin: Int, _ length: Int) {
        let raw = UnsafeRawBufferPointer(text)
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        if begin + 24 <= text.count {
            words.0 = raw.loadUnaligned(fromByteOffset: begin, as: UInt64.self)
            words.1 = raw.loadUnaligned(fromByteOffset: begin + 8, as: UInt64.self)
            words.2 = raw.loadUnaligned(fromByteOffset: begin + 16, as: UInt64.self)
            words.0 &= Self.mask(length)
            words.1 &= Self.mask(length - 8)
            words.2 &= Self.mask(length - 16)
        } else {
            withUnsafeMutableBytes(of: &words) {
                $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[begin..<begin + length]))
            }
        }
        a = words.0
        b = words.1
        c = words.2 | UInt64(length) << 56
        let mixed = (a ^ b &* 0x9E37_79B9_7F4A_7C15 ^ c &* 0xC2B2_AE3D_27D4_EB4F) &* 0xFF51_AFD7_ED55_8CCD
        hash = mixed >> 40
    }

    /// Ones for the first `count` bytes of a little-endian word.
    @inline(__always)
    private static func mask(_ count: Int) -> UInt64 {
        count >= 8 ? UInt64.max : count <= 0 ? 0 : (1 << (UInt64(count) * 8)) &- 1
    }
}
