// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The words of a text as hashes, for comparing texts without keeping them.
///
/// A word is a run of letters, digits and marks, in lower case; what stands between words does not count.
struct WordFingerprints {
    /// One hash a word, in order.
    private(set) var words: [UInt64] = []

    init(_ text: String) {
        var hash: UInt64 = 0
        var isInside = false
        for scalar in text.unicodeScalars {
            if Self.isWordPart(scalar) {
                if !isInside { hash = 0xCBF2_9CE4_8422_2325 }
                isInside = true
                if scalar.isASCII {
                    let byte = UInt64(scalar.value)
                    hash = Self.mix(hash, byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte)
                } else {
                    for lower in scalar.properties.lowercaseMapping.unicodeScalars {
                        hash = Self.mix(hash, UInt64(lower.value))
                    }
                }
            } else if isInside {
                words.append(hash)
                isInside = false
            }
        }
        if isInside { words.append(hash) }
    }

    /// One hash of all words in order; equal texts but for case, spacing and punctuation have equal ones.
    var whole: UInt64 { words.reduce(0x9E37_79B9_7F4A_7C15) { Self.mix($0, $1) } }

    /// Calls `body` with the hash of every run of `length` words, until it returns false.
    func forEachRun(of length: Int, _ body: (UInt64) -> Bool) {
        guard words.count >= length else { return }
        for start in 0...words.count - length {
            var hash: UInt64 = UInt64(length)
            for word in words[start..<start + length] { hash = Self.mix(hash, word) }
            if !body(hash) { return }
        }
    }

    static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII {
            let value = scalar.value
            return (0x30...0x39).contains(value) || (0x41...0x5A).contains(value) || (0x61...0x7A).contains(value)
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber, .nonspacingMark, .spacingMark:
            return true
        default: return false
        }
    }

    /// A step of a 64-bit hash (the finisher of MurmurHash3).
    @inline(__always)
    static func mix(_ hash: UInt64, _ value: UInt64) -> UInt64 {
        var h = hash ^ value &* 0x9E37_79B9_7F4A_7C15
        h = (h ^ (h >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        return h ^ (h >> 29)
    }
}
