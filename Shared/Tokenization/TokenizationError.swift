// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What was wrong with a tokenizer file, a training corpus or a list of ids, where, and how to mend it.
///
/// The description never quotes text that was being tokenized: it names files, line numbers, byte offsets and counts.
public struct TokenizationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of mistake.
    public enum Code: String, Sendable {
        /// A file could not be opened or read.
        case file
        /// The bytes are not the format they claim to be.
        case malformed
        /// The file is well formed, but asks for something this module does not do.
        case unsupported
        /// The training text is not valid UTF-8.
        case invalidUTF8
        /// The training text has nothing to learn from.
        case emptyCorpus
        /// The wanted vocabulary is too small or too large for the text.
        case vocabularySize
        /// The roles of a conversation do not fit its chat template.
        case conversation
        /// A token id lies outside the vocabulary.
        case unknownToken
    }

    /// The kind of mistake.
    public let code: Code
    /// The file or value it was found in.
    public let subject: String
    /// What is wrong, where, and how to mend it.
    public let detail: String

    /// Describes one mistake.
    public init(_ code: Code, _ subject: String, _ detail: String) {
        self.code = code
        self.subject = subject
        self.detail = detail
    }

    public var description: String { "\(subject): \(detail)" }
}
