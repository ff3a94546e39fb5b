// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The writing system of a scalar, as far as training keeps pieces within one (Unicode Standard Annex 24).
enum UnicodeScript {
    static let common: UInt8 = 0
    static let inherited: UInt8 = 1
    static let han: UInt8 = 2

    /// The number of the script; Hiragana and Katakana count as Han, as in sentencepiece.
    static func number(_ scalar: UInt32) -> UInt8 {
        if scalar == 0x30FC { return han }
        var low = 0, high = changes.count - 1
        while low < high {
            let middle = (low + high + 1) / 2
            if changes[middle] >> 8 <= scalar { low = middle } else { high = middle - 1 }
        }
        return UInt8(truncatingIfNeeded: changes[low])
    }
}
