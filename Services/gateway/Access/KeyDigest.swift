// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The SHA-256 of a key: all that a gateway knows of it.
struct KeyDigest: Sendable {
    static let size = 32
    private let bytes: [UInt8]

    init(of key: String) {
        var digest = [UInt8](repeating: 0, count: Self.size)
        let text = Array(key.utf8)
        _ = SHA256(text, text.count, &digest)
        bytes = digest
    }

    /// 64 hexadecimal digits; nil for anything else.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
            default: nil
            }
        }
        guard text.utf8.count == 2 * Self.size, digits.count == 2 * Self.size else { return nil }
        bytes = (0..<Self.size).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    /// Compares in a time that tells nothing of where they differ.
    func equals(_ other: KeyDigest) -> Bool { CRYPTO_memcmp(bytes, other.bytes, Self.size) == 0 }
}
