// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// The letters of multiple-choice answers.
enum OptionLetters {
    static let all = "ABCDEFGHIJ".map(String.init)

    static func options(_ texts: [String]) -> [BenchmarkItem.Option] {
        zip(all, texts).map { BenchmarkItem.Option(label: $0, text: $1) }
    }
}

extension StringProtocol {
    /// Whether nothing but white space stands in it.
    var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
