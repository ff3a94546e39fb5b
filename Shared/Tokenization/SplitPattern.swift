// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A regular expression by which a byte-level vocabulary cuts text into words before merging, matched by hand.
///
/// Every scalar belongs to exactly one word, so the words put together are the text.
enum SplitPattern: Sendable, CaseIterable {
    /// LLaMA-3's (and tiktoken's cl100k_base).
    case llama3
    /// GPT-2's, which `ByteLevel` uses by itself.
    case gpt2

    /// The pattern as tokenizer.json writes it.
    var expression: String {
        switch self {
        case .llama3:
            #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"#
                + #"\s*[\r\n]+|\s+(?!\S)|\s+"#
        case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
        }
    }

    /// The end of the word that begins at `index` of valid UTF-8.
    func wordEnd(_ text: UnsafeBufferPointer<UInt8>, from index: Int) -> Int {
        let first = SymbolTable.scalar(text, at: index)
        let second = index + first.length
        if first.value == 0x27, let end = contractionEnd(text, after: second) { return end }
        switch ScalarClass(first.value) {
        case .letter: return runEnd(text, from: second, of: .letter)
        case .number:
            guard self == .llama3 else { return runEnd(text, from: second, of: .number) }
            return runEnd(text, from: second, of: .number, most: 2)
        case .other:
            if self == .llama3, isClass(.letter, text, at: second) { return runEnd(text, from: second, of: .letter) }
            return symbolsEnd(text, from: second)
        case .space: return spaceEnd(text, first: first.value, from: index, second: second)
        }
    }

    /// A word that begins with a space character.
    private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, first: UInt32, from start: Int, second: Int) -> Int {
        let isNewline = first == 0x0A || first == 0x0D
        if self == .llama3, !isNewline, isClass(.letter, text, at: second) {
            return runEnd(text, from: second, of: .letter)
        }
        if first == 0x20, second < text.count {
            switch ScalarClass(SymbolTable.scalar(text, at: second).value) {
            case .other: return symbolsEnd(text, from: second)
            case .letter: return runEnd(text, from: second, of: .letter)
            case .number where self == .gpt2: return runEnd(text, from: second, of: .number)
            default: break
            }
        }
        // The whole run; where its last newline ends; where its last character begins.
        var end = start, newlineEnd = -1, last = start
        while end < text.count {
            let (scalar, length) = SymbolTable.scalar(text, at: end)
            guard ScalarClass(scalar) == .space else { break }
            last = end
            end += length
            if scalar == 0x0A || scalar == 0x0D { newlineEnd = end }
        }
        if self == .llama3, newlineEnd >= 0 { return newlineEnd }
        // Before text, a run leaves it its last space.
        return end == text.count || last == start ? end : last
    }

    /// What is neither space, letter nor number; LLaMA-3 adds the newlines that follow.
    private func symbolsEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var end = runEnd(text, from: start, of: .other)
        guard self == .llama3 else { return end }
        while end < text.count, text[end] == 0x0A || text[end] == 0x0D { end += 1 }
        return end
    }

    @inline(__always)
    private func runEnd(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int, of kind: ScalarClass, most: Int = .max
    ) -> Int {
        var end = start, count = 0
        while end < text.count, count < most {
            let (scalar, length) = SymbolTable.scalar(text, at: end)
            guard ScalarClass(scalar) == kind else { break }
            end += length
            count += 1
        }
        return end
    }

    @inline(__always)
    private func isClass(_ kind: ScalarClass, _ text: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
        index < text.count && ScalarClass(SymbolTable.scalar(text, at: index).value) == kind
    }

    /// The end of s, t, re, ve, m, ll or d after an apostrophe; LLaMA-3 takes either case, and with it U+017F, the long
    /// s, which folds to s.
    private func contractionEnd(_ text: UnsafeBufferPointer<UInt8>, after index: Int) -> Int? {
        func letter(_ place: Int) -> UInt8 {
            guard place < text.count else { return 0 }
            let byte = text[place]
            return self == .llama3 && byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
        }
        switch (letter(index), letter(index + 1)) {
        case (UInt8(ascii: "s"), _), (UInt8(ascii: "t"), _), (UInt8(ascii: "m"), _), (UInt8(ascii: "d"), _):
            return index + 1
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return index + 2
        case (0xC5, 0xBF) where self == .llama3: return index + 2
        default: return nil
        }
    }
}
