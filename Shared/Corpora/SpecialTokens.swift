// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

import Tokenization

/// The marks round a document, and how many bytes of text each token stands for.
struct SpecialTokens: Sendable {
    let begin: [TokenID]
    let end: [TokenID]
    private let byteCounts: [Int]

    init(_ tokenizer: any Tokenizer) {
        begin = tokenizer.beginOfSequence.map { [$0] } ?? []
        end = tokenizer.endOfSequence.map { [$0] } ?? []
        byteCounts = (0..<tokenizer.vocabularySize).map { tokenizer.byteCount(of: TokenID($0)) }
    }

    /// How many marks a document gets.
    var count: Int { begin.count + end.count }

    /// BOS, text, EOS.
    func document(_ text: [TokenID]) -> [TokenID] { begin + text + end }

    /// The bytes of text that each token of ``document(_:)`` stands for.
    ///
    /// They add up to `textBytes`: what the tokens have beyond it (the dummy prefix) is taken off the first ones.
    func byteCounts(of text: [TokenID], textBytes: Int) -> [Int] {
        var counts = begin.map { _ in 0 } + text.map { byteCounts[Int($0)] } + end.map { _ in 0 }
        var extra = counts.reduce(0, +) - textBytes
        for place in counts.indices where extra > 0 {
            let less = min(extra, counts[place])
            counts[place] -= less
            extra -= less
        }
        return counts
    }
}
