// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What an answer looks like.
public enum AnswerKind: String, Codable, Sendable, Hashable {
    /// One of a few words or names, in any case.
    case word
    /// The letter of an option.
    case letter
}
