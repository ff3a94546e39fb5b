// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Lower-case hexadecimal digits.
enum HexadecimalText {
    static func random(bytes: Int) -> String {
        encode((0..<bytes).map { _ in UInt8.random(in: 0...255) })
    }

    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text = ""
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }

    private static let digits = Array("0123456789abcdef")
}
