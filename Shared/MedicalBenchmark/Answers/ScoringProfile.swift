// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A parser and its metrics, nothing else: prompt, shots, decoding and truncation are named apart.
public enum ScoringProfile: String, Codable, Sendable, Hashable, CaseIterable {
    /// Answers at token boundaries, longest first; macro-F1 over the task's whole label set.
    case strict
    /// The paper authors' code to the letter: the first label of the list that occurs anywhere in the output; macro-F1
    /// over the labels that occur as right answers.
    case published

    func parser(for kind: AnswerKind) -> any AnswerParser {
        switch (self, kind) {
        case (.strict, .word): StrictWordParser()
        case (.strict, .letter): StrictLetterParser()
        case (.published, .word): PublishedParser(isCaseSensitive: false)
        case (.published, .letter): PublishedParser(isCaseSensitive: true)
        }
    }
}
