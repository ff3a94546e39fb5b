// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Finds the option letter that an output gives as its answer, by a small grammar; a letter that is just there, as in
/// "vitamin C" or "A patient", is no answer.
///
/// In this order:
/// 1. the output begins with the letter: `C`, `C.`, `(C)`, `**C**`, `c)`; a capital may be followed by the option's
///    text (`C Amoxicillin`), but `A` and `I` so are words;
/// 2. the first letter after a cue: `answer is C`, `Answer: (C)`, `option C`, `choose C`, `is C.`;
/// 3. the first letter in brackets: `… (C) …`.
struct StrictLetterParser: AnswerParser {
    func parse(_ output: String, labels: [String]) -> String? {
        let text = OutputScanner(output)
        return leading(text, labels) ?? cued(text, labels) ?? bracketed(text, labels)
    }

    private func leading(_ text: OutputScanner, _ labels: [String]) -> String? {
        var index = 0
        while index < text.scalars.count, Self.isOpening(text.scalars[index]) { index += 1 }
        guard let label = letter(text, at: index, labels, acceptsLowercase: true) else { return nil }
        guard let next = text.scalars.indices.contains(index + 1) ? text.scalars[index + 1] : nil else { return label }
        guard next == " " || next == "\t" else { return label }
        // A capital and then words: the option's text, unless the letter is a word itself.
        guard isFollowedByWords(text, at: index) else { return label }
        return text.scalars[index].properties.isUppercase && !["A", "I"].contains(label) ? label : nil
    }

    /// Whether words go on right after the letter.
    private func isFollowedByWords(_ text: OutputScanner, at index: Int) -> Bool {
        let rest = text.scalars[(index + 1)...].drop { $0 == " " || $0 == "\t" }
        return rest.startIndex > index + 1 && text.isWord(at: rest.startIndex)
    }

    private func cued(_ text: OutputScanner, _ labels: [String]) -> String? {
        for start in text.scalars.indices where !text.isWord(at: start - 1) {
            var end = start
            while text.isWord(at: end) { end += 1 }
            guard end > start else { continue }
            let word = String(String.UnicodeScalarView(text.scalars[start..<end])).lowercased()
            guard Self.cues.contains(word) else { continue }
            var index = end
            while index < text.scalars.count, Self.isFiller(text.scalars[index]) { index += 1 }
            guard index > end, let label = letter(text, at: index, labels, acceptsLowercase: false) else { continue }
            // "Answer: A beta blocker" has an article where "answer is A because" has a letter.
            if label == "A", text.scalars[end..<index].contains(":"), isFollowedByWords(text, at: index) { continue }
            return label
        }
        return nil
    }

    private func bracketed(_ text: OutputScanner, _ labels: [String]) -> String? {
        for index in text.scalars.indices.dropFirst().dropLast() {
            guard ["(", "["].contains(text.scalars[index - 1]), [")", "]"].contains(text.scalars[index + 1]) else {
                continue
            }
            if let label = letter(text, at: index, labels, acceptsLowercase: false) { return label }
        }
        return nil
    }

    private func letter(
        _ text: OutputScanner, at index: Int, _ labels: [String], acceptsLowercase: Bool
    ) -> String? {
        guard text.scalars.indices.contains(index), text.isWhole(index..<index + 1) else { return nil }
        let found = String(text.scalars[index])
        return labels.first { $0 == found || acceptsLowercase && $0.lowercased() == found }
    }

    private static let cues: Set<String> = ["answer", "option", "choice", "choose", "select", "pick", "is"]

    private static func isOpening(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || ["(", "[", "*", "\"", "'", "\u{201C}", "\u{2018}", "#", "`"].contains(scalar)
    }

    private static func isFiller(_ scalar: Unicode.Scalar) -> Bool { isOpening(scalar) || scalar == ":" }
}
