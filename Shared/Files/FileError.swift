// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why a file could not be read or written. It names the path and the system's reason, never what the file holds.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The kind of mistake.
    public enum Code: String, Sendable {
        /// A file or folder is missing or cannot be read.
        case unreadable
        /// A file has more bytes than one of its kind may have.
        case tooLarge
        /// A file or folder cannot be written, for instance on a full disk.
        case unwritable
    }

    /// The kind of mistake.
    public let code: Code
    /// The file or folder.
    public let path: String
    /// What is wrong and how to mend it.
    public let detail: String

    /// Describes one mistake.
    public init(_ code: Code, _ path: String, _ detail: String) {
        self.code = code
        self.path = path
        self.detail = detail
    }

    public var description: String { "\(path): \(detail)" }
}
