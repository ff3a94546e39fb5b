// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What an answer looks like, which decides how outputs are read and scored.
public enum AnswerKind: String, Codable, Sendable, Hashable, CaseIterable {
    /// One of a few words or names, in any case.
    case word
    /// The letter of an option.
    case letter
    /// One of a few labels, of which the authors' code wants exactly one named.
    case relation
    /// Any number of labels.
    case topics
    /// A passage of the text that was given.
    case passage
    /// The text that was given, with its entities marked up.
    case markup
    /// A text of the model's own.
    case summary

    /// Whether the answer is one of a few that are known beforehand, so that it can be scored or constrained.
    public var isChoice: Bool {
        switch self {
        case .word, .letter, .relation: true
        case .topics, .passage, .markup, .summary: false
        }
    }

    /// New tokens that an answer has room for unless settings say otherwise. (The authors give 256 to all.)
    var answerTokens: Int {
        switch self {
        case .word, .letter, .relation: 32
        case .topics, .passage: 96
        case .markup, .summary: 256
        }
    }
}
