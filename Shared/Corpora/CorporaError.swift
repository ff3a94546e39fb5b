// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What was wrong with a corpus, a benchmark file or a dataset, where, and how to mend it.
///
/// The description never quotes document text: it names sources, files, line numbers, byte offsets and fields.
public struct CorporaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of mistake.
    public enum Code: String, Sendable {
        /// A file or folder is missing or cannot be read.
        case file
        /// A file or folder cannot be written, for instance on a full disk.
        case unwritable
        /// The bytes are not valid UTF-8.
        case invalidUTF8
        /// The bytes are not the format the source names.
        case malformed
        /// A record lacks a field, or has it with another type.
        case missingField
        /// A source, a domain or an option is not known, or contradicts another.
        case configuration
        /// A source has no document, or nothing was left of it.
        case emptySource
        /// The corpus has too few tokens for what was asked.
        case tooLittleText
        /// A dataset and a tokenizer or an index do not fit.
        case mismatch
        /// The caller asked to stop.
        case cancelled
    }

    /// The kind of mistake.
    public let code: Code
    /// The source, file or option it was found in.
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
