// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// An output as code points, with the notion of a token boundary that strict parsers share.
struct OutputScanner {
    let scalars: [Unicode.Scalar]

    init(_ text: some StringProtocol) { scalars = Array(text.unicodeScalars) }

    /// Whether the range starts and ends where a word does: next to it stands no letter, digit or mark, and no hyphen
    /// or apostrophe that joins it to one ("no-one" and "don't" hold no "no" and no "don").
    func isWhole(_ range: Range<Int>) -> Bool {
        !isJoined(at: range.lowerBound - 1, step: -1) && !isJoined(at: range.upperBound, step: 1)
    }

    func isWord(at index: Int) -> Bool {
        guard scalars.indices.contains(index) else { return false }
        let properties = scalars[index].properties
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .connectorPunctuation: return true
        default: return properties.isAlphabetic || properties.numericType != nil
        }
    }

    private func isJoined(at index: Int, step: Int) -> Bool {
        if isWord(at: index) { return true }
        guard scalars.indices.contains(index), Self.joiners.contains(scalars[index]) else { return false }
        return isWord(at: index + step)
    }

    private static let joiners: Set<Unicode.Scalar> = ["-", "'", "\u{2019}", "\u{2010}", "\u{2011}"]
}
