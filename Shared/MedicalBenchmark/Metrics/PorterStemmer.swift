// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Porter's suffix stripper (Porter, 1980) as NLTK's `PorterStemmer` does it with its default extensions, which is what
/// rouge_score stems with.
///
/// Words are lower-case letters and digits in ASCII; anything else is taken for a consonant.
struct PorterStemmer {
    typealias Word = [UInt8]

    /// The stem of a word of any length. (rouge_score itself leaves words of three letters or fewer as they are.)
    func stem(_ word: Word) -> Word {
        if let irregular = Self.irregular[word] { return irregular }
        guard word.count > 2 else { return word }
        return step5(step4(step3(step2(step1c(step1b(step1a(word)))))))
    }

    private static let irregular: [Word: Word] = {
        let forms = [
            "sky": ["sky", "skies"], "die": ["dying"], "lie": ["lying"], "tie": ["tying"], "news": ["news"],
            "inning": ["innings", "inning"], "outing": ["outings", "outing"], "canning": ["cannings", "canning"],
            "howe": ["howe"], "proceed": ["proceed"], "exceed": ["exceed"], "succeed": ["succeed"],
        ]
        var table: [Word: Word] = [:]
        for (stem, words) in forms { for word in words { table[Array(word.utf8)] = Array(stem.utf8) } }
        return table
    }()

    // MARK: What the rules ask of a stem

    private func isConsonant(_ word: Word, _ index: Int) -> Bool {
        switch word[index] {
        case UInt8(ascii: "a"), UInt8(ascii: "e"), UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "u"): false
        case UInt8(ascii: "y"): index == 0 || !isConsonant(word, index - 1)
        default: true
        }
    }

    /// How often a consonant follows a vowel.
    private func measure(_ word: Word) -> Int {
        var count = 0
        var isAfterVowel = false
        for index in word.indices {
            let consonant = isConsonant(word, index)
            if consonant, isAfterVowel { count += 1 }
            isAfterVowel = !consonant
        }
        return count
    }

    private func hasVowel(_ word: Word) -> Bool { word.indices.contains { !isConsonant(word, $0) } }

    private func endsInDoubleConsonant(_ word: Word) -> Bool {
        let last = word.count - 1
        return last >= 1 && word[last] == word[last - 1] && isConsonant(word, last)
    }

    private func endsInShortSyllable(_ word: Word) -> Bool {
        let last = word.count - 1
        if last == 1 { return !isConsonant(word, 0) && isConsonant(word, 1) }
        return last >= 2 && isConsonant(word, last - 2) && !isConsonant(word, last - 1) && isConsonant(word, last)
            && ![UInt8(ascii: "w"), UInt8(ascii: "x"), UInt8(ascii: "y")].contains(word[last])
    }

    // MARK: Rules

    private struct Rule {
        let suffix: Word
        let replacement: Word
        init(_ suffix: String, _ replacement: String) {
            self.suffix = Array(suffix.utf8)
            self.replacement = Array(replacement.utf8)
        }
    }

    private func stemmed(_ word: Word, without suffix: String) -> Word? { stemmed(word, without: Array(suffix.utf8)) }

    private func stemmed(_ word: Word, without suffix: Word) -> Word? {
        word.count >= suffix.count && word.suffix(suffix.count).elementsEqual(suffix)
            ? Array(word.dropLast(suffix.count)) : nil
    }

    /// The first rule whose suffix fits decides, whether or not its condition holds.
    private func apply(_ rules: [Rule], to word: Word, where holds: (Word, Rule) -> Bool) -> Word {
        for rule in rules {
            guard let stem = stemmed(word, without: rule.suffix) else { continue }
            return holds(stem, rule) ? stem + rule.replacement : word
        }
        return word
    }

    private func step1a(_ word: Word) -> Word {
        if word.count == 4, let stem = stemmed(word, without: "ies") { return stem + Array("ie".utf8) }
        return apply(Self.plurals, to: word) { _, _ in true }
    }

    private func step1b(_ word: Word) -> Word {
        if let stem = stemmed(word, without: "ied") { return stem + Array((word.count == 4 ? "ie" : "i").utf8) }
        if let stem = stemmed(word, without: "eed") {
            return measure(stem) > 0 ? stem + Array("ee".utf8) : word
        }
        let stems = [stemmed(word, without: "ed"), stemmed(word, without: "ing")].compactMap { $0 }
        guard let stem = stems.first(where: hasVowel) else { return word }
        for (suffix, whole) in [("at", "ate"), ("bl", "ble"), ("iz", "ize")] {
            if let short = stemmed(stem, without: suffix) { return short + Array(whole.utf8) }
        }
        if endsInDoubleConsonant(stem) {
            let keepsBoth = [UInt8(ascii: "l"), UInt8(ascii: "s"), UInt8(ascii: "z")].contains(stem[stem.count - 1])
            return keepsBoth ? stem : Array(stem.dropLast())
        }
        return measure(stem) == 1 && endsInShortSyllable(stem) ? stem + [UInt8(ascii: "e")] : stem
    }

    private func step1c(_ word: Word) -> Word {
        guard let stem = stemmed(word, without: "y"), stem.count > 1, isConsonant(stem, stem.count - 1) else {
            return word
        }
        return stem + [UInt8(ascii: "i")]
    }

    private func step2(_ word: Word) -> Word {
        if let stem = stemmed(word, without: "alli"), measure(stem) > 0 { return step2(stem + Array("al".utf8)) }
        return apply(Self.doubleSuffixes, to: word) { stem, rule in
            // Before "ogi" a letter more counts as stem.
            rule.suffix == Self.logi ? measure(Array(word.dropLast(3))) > 0 : measure(stem) > 0
        }
    }

    private func step3(_ word: Word) -> Word { apply(Self.adjectives, to: word) { stem, _ in measure(stem) > 0 } }

    private func step4(_ word: Word) -> Word {
        apply(Self.singleSuffixes, to: word) { stem, rule in
            guard measure(stem) > 1 else { return false }
            return rule.suffix != Self.ion || stem.last == UInt8(ascii: "s") || stem.last == UInt8(ascii: "t")
        }
    }

    private func step5(_ word: Word) -> Word {
        var word = word
        if let stem = stemmed(word, without: "e") {
            let count = measure(stem)
            if count > 1 || count == 1 && !endsInShortSyllable(stem) { word = stem }
        }
        if stemmed(word, without: "ll") != nil, measure(Array(word.dropLast())) > 1 { word.removeLast() }
        return word
    }

    private static let plurals = [Rule("sses", "ss"), Rule("ies", "i"), Rule("ss", "ss"), Rule("s", "")]
    private static let logi = Array("logi".utf8)
    private static let ion = Array("ion".utf8)
    private static let doubleSuffixes = [
        Rule("ational", "ate"), Rule("tional", "tion"), Rule("enci", "ence"), Rule("anci", "ance"),
        Rule("izer", "ize"), Rule("bli", "ble"), Rule("alli", "al"), Rule("entli", "ent"), Rule("eli", "e"),
        Rule("ousli", "ous"), Rule("ization", "ize"), Rule("ation", "ate"), Rule("ator", "ate"),
        Rule("alism", "al"), Rule("iveness", "ive"), Rule("fulness", "ful"), Rule("ousness", "ous"),
        Rule("aliti", "al"), Rule("iviti", "ive"), Rule("biliti", "ble"), Rule("fulli", "ful"), Rule("logi", "log"),
    ]
    private static let adjectives = [
        Rule("icate", "ic"), Rule("ative", ""), Rule("alize", "al"), Rule("iciti", "ic"), Rule("ical", "ic"),
        Rule("ful", ""), Rule("ness", ""),
    ]
    private static let singleSuffixes = [
        "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate",
        "iti", "ous", "ive", "ize",
    ].map { Rule($0, "") }
}
