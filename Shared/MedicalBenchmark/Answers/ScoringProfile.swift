// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// A parser and its metrics, nothing else: prompt, shots, decoding and truncation are named apart.
public enum ScoringProfile: String, Codable, Sendable, Hashable, CaseIterable {
    /// Answers at token boundaries, longest first; SQuAD's token F1; entities against the full gold; macro-F1 over the
    /// task's whole label set.
    case strict
    /// The paper authors' code to the letter: the first label of the list that occurs anywhere in the output; EmrQA by
    /// characters; entities of aligned tokens; macro-F1 over the labels that occur as right answers.
    case published

    /// The other one.
    public var other: ScoringProfile { self == .strict ? .published : .strict }

    /// How an answer that is one of a few is read.
    func parser(for kind: AnswerKind, aliases: [String: String] = [:]) -> any AnswerParser {
        switch (self, kind) {
        case (.strict, .letter): StrictLetterParser()
        case (.strict, _): StrictWordParser(aliases: aliases)
        case (.published, .letter): PublishedParser(isCaseSensitive: true)
        case (.published, .relation): PublishedRelationParser()
        case (.published, _): PublishedParser(isCaseSensitive: false)
        }
    }

    /// How an answer of any number of labels is read.
    var labelSetParser: any LabelSetParser {
        switch self {
        case .strict: StrictWordParser()
        case .published: PublishedLabelSetParser()
        }
    }
}
