// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A sortable 128-bit identifier: 48 bits of milliseconds, 80 random bits, 26 letters of Crockford's base 32
/// (github.com/ulid/spec).
public enum ULID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// - Parameter milliseconds: the time since 1970.
    public static func make(
        milliseconds: UInt64, using generator: inout some RandomNumberGenerator
    ) -> String {
        let high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | UInt64.random(in: 0...0xFFFF, using: &generator)
        let low = UInt64.random(in: .min ... .max, using: &generator)
        return String(unsafeUninitializedCapacity: 26) { letters in
            for (place, index) in stride(from: 125, through: 0, by: -5).enumerated() {
                let digit =
                    index >= 64
                    ? high >> (index - 64)
                    : index > 59 ? (low >> index) | (high << (64 - index)) : low >> index
                letters[place] = alphabet[Int(digit & 31)]
            }
            return 26
        }
    }
}
