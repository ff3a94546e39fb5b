// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where in a JSON string: between characters, in an escape, or in a character of several bytes.
///
/// Escapes of surrogates are not written: such characters are written as they are.
enum StringPhase: Int {
    case character, escape, hex4, hex4AfterD, hex3, hex2, hex1
    /// Continuation bytes that are still to come, plain ones.
    case more1, more2, more3
    /// The same, where the first is bounded (RFC 3629).
    case afterE0, afterED, afterF0, afterF4

    /// The phase after a byte, or nil where it can't come here. The closing quote is not for here.
    func next(_ byte: UInt8) -> StringPhase? {
        switch self {
        case .character: Self.first(byte)
        case .escape:
            switch byte {
            case UInt8(ascii: "u"): .hex4
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
                UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                .character
            default: nil
            }
        case .hex4: Self.isHex(byte) ? (byte | 0x20 == UInt8(ascii: "d") ? .hex4AfterD : .hex3) : nil
        case .hex4AfterD: (0x30...0x37).contains(byte) ? .hex2 : nil
        case .hex3: Self.isHex(byte) ? .hex2 : nil
        case .hex2: Self.isHex(byte) ? .hex1 : nil
        case .hex1: Self.isHex(byte) ? .character : nil
        case .more1: (0x80...0xBF).contains(byte) ? .character : nil
        case .more2: (0x80...0xBF).contains(byte) ? .more1 : nil
        case .more3: (0x80...0xBF).contains(byte) ? .more2 : nil
        case .afterE0: (0xA0...0xBF).contains(byte) ? .more1 : nil
        case .afterED: (0x80...0x9F).contains(byte) ? .more1 : nil
        case .afterF0: (0x90...0xBF).contains(byte) ? .more2 : nil
        case .afterF4: (0x80...0x8F).contains(byte) ? .more2 : nil
        }
    }

    private static func first(_ byte: UInt8) -> StringPhase? {
        switch byte {
        case UInt8(ascii: "\\"): .escape
        case UInt8(ascii: "\""), 0..<0x20: nil
        case 0x20..<0x80: .character
        case 0xC2...0xDF: .more1
        case 0xE0: .afterE0
        case 0xED: .afterED
        case 0xE1...0xEF: .more2
        case 0xF0: .afterF0
        case 0xF1...0xF3: .more3
        case 0xF4: .afterF4
        default: nil
        }
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
