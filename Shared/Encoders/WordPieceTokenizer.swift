// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Foundation

/// BERT's tokenizer: text is cleaned and cut into words and punctuation, each word into the longest pieces of the
/// vocabulary from the left. Ids equal those of Hugging Face's `BertTokenizer`, but special tokens are not looked for in
/// text.
public struct WordPieceTokenizer: Sendable {
    static let largestFile = 1 << 26
    static let longestWord = 100

    /// Pieces by their UTF-8, since `String`s are equal by canonical equivalence.
    private let pieces: [[UInt8]: Int32]
    private let settings: WordPieceSettings
    private let unknown: Int32
    /// The ids of [CLS] and [SEP].
    public let begin: Int32
    public let end: Int32

    /// The number of ids.
    public let vocabularySize: Int

    /// A tokenizer of a `vocab.txt`, a piece a line, that errors call `name`.
    init(vocabulary: [UInt8], settings: WordPieceSettings, name: String) throws {
        var pieces: [[UInt8]: Int32] = [:]
        var lines = vocabulary.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        for (id, line) in lines.enumerated() {
            let piece = Array(line.last == 0x0D ? line.dropLast() : line)
            // As in the library, the last of two equal lines counts.
            pieces[piece] = Int32(id)
        }
        func special(_ text: String) throws -> Int32 {
            guard let id = pieces[Array(text.utf8)] else { throw EncoderError("\(name) has no piece \(text)") }
            return id
        }
        self.pieces = pieces
        self.settings = settings
        vocabularySize = lines.count
        (unknown, begin, end) = (try special("[UNK]"), try special("[CLS]"), try special("[SEP]"))
    }

    /// The ids of a text between [CLS] and [SEP], cut to `most` in all, and whether it was cut.
    public func encode(_ text: String, most: Int) -> (ids: [Int32], isCut: Bool) {
        var ids = [begin]
        for word in words(of: text) {
            append(word, to: &ids)
            if ids.count > most - 1 {
                ids.removeLast(ids.count - (most - 1))
                return (ids + [end], true)
            }
        }
        return (ids + [end], false)
    }

    /// Words and single punctuation characters, cleaned, in lower case without accents if the vocabulary is.
    private func words(of text: String) -> [[Unicode.Scalar]] {
        var cleaned = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if Self.isSpace(scalar) {
                cleaned.append(" ")
            } else if Self.isDropped(scalar) {
                continue
            } else if settings.separatesIdeographs, Self.isIdeograph(scalar.value) {
                cleaned.append(contentsOf: [" ", scalar, " "])
            } else {
                cleaned.append(scalar)
            }
        }
        var scalars = Array(cleaned)
        if settings.stripsAccents {
            scalars = String(cleaned).decomposedStringWithCanonicalMapping.unicodeScalars
                .filter { $0.properties.generalCategory != .nonspacingMark }
        }
        if settings.lowercases { scalars = scalars.flatMap { Array($0.properties.lowercaseMapping.unicodeScalars) } }
        var words: [[Unicode.Scalar]] = [[]]
        for scalar in scalars {
            if scalar.properties.isWhitespace {
                words.append([])
            } else if Self.isPunctuation(scalar) {
                words.append([scalar])
                words.append([])
            } else {
                words[words.count - 1].append(scalar)
            }
        }
        return words.filter { !$0.isEmpty }
    }

    private func append(_ word: [Unicode.Scalar], to ids: inout [Int32]) {
        guard word.count <= Self.longestWord else { return ids.append(unknown) }
        let first = ids.count
        var start = 0
        while start < word.count {
            var end = word.count
            var found: Int32?
            while end > start, found == nil {
                var piece = start > 0 ? Array("##".utf8) : []
                for scalar in word[start..<end] { piece.append(contentsOf: Array(String(scalar).utf8)) }
                found = pieces[piece]
                if found == nil { end -= 1 }
            }
            guard let found else {
                ids.removeLast(ids.count - first)
                return ids.append(unknown)
            }
            ids.append(found)
            start = end
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\t" || scalar == "\n" || scalar == "\r" || scalar.properties.isWhitespace
    }

    /// Control characters and what stands for unreadable bytes.
    private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value == 0 || scalar.value == 0xFFFD { return true }
        switch scalar.properties.generalCategory {
        // As in the library, unassigned characters stay.
        case .control, .format, .privateUse: return true
        default: return false
        }
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }

    /// The blocks that BERT takes for Chinese characters.
    private static func isIdeograph(_ value: UInt32) -> Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }
}
