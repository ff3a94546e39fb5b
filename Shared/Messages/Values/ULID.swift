// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A sortable 128-bit identifier: 48 bits of milliseconds, 80 random bits, 26 letters of Crockford's base 32
/// (github.com/ulid/spec).
public enum ULID {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// - Parameter milliseconds: the time since 1970.
    public static func make(
        milliseconds: UInt64, using generator: inout some RandomNumberGenerator
    ) -> String {
        let high = (milliseconds & 0xFFFF_FFFF_FFFF) << 16 | UInt64.random(in: 0...0xFFFF, using: &generator)
        let low = UInt64.random(in: .min ... .max, using: &generator)
        var letters: [Character] = []
        for index in stride(from: 125, through: 0, by: -5) {
            let digit =
                index >= 64
                ? high >> (index - 64)
                : index > 59 ? (low >> index) | (high << (64 - index)) : low >> index
            letters.append(alphabet[Int(digit & 31)])
        }
        return String(letters)
    }
}
