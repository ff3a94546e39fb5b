// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Where in a JSON number. It has at most 18 digits, 15 behind the point and two in the exponent: no more than a
/// double or a 64-bit integer holds.
enum NumberPhase: Int {
    case start, sign, zero, digits, point, fraction, exponent, exponentSign, exponentDigits

    /// Whether the number may end here.
    var mayEnd: Bool { [.zero, .digits, .fraction, .exponentDigits].contains(self) }

    /// The phase after a byte, or nil where it can't come here; `digits` have been written in this phase.
    func next(_ byte: UInt8, isInteger: Bool, digits: Int) -> NumberPhase? {
        let isDigit = (0x30...0x39).contains(byte)
        switch self {
        case .start where byte == UInt8(ascii: "-"): return .sign
        case .start, .sign: return isDigit ? (byte == 0x30 ? .zero : .digits) : nil
        case .digits where isDigit: return digits < 18 ? .digits : nil
        case .point: return isDigit ? .fraction : nil
        case .fraction where isDigit: return digits < 15 ? .fraction : nil
        case .exponent where byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+"): return .exponentSign
        case .exponent, .exponentSign: return isDigit ? .exponentDigits : nil
        case .exponentDigits: return isDigit && digits < 2 ? .exponentDigits : nil
        case .zero, .digits, .fraction:
            if isInteger { return nil }
            if self != .fraction, byte == UInt8(ascii: ".") { return .point }
            return byte | 0x20 == UInt8(ascii: "e") ? .exponent : nil
        }
    }
}
