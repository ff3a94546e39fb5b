// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What can be wrong with a checkpoint's files.
public struct CheckpointError: Error, Sendable, CustomStringConvertible {
    /// The kind of error, for code that decides by it.
    public enum Code: Sendable {
        /// A file is missing or cannot be read.
        case unreadable
        /// A file is shorter or longer than its header says.
        case truncated
        /// A file is not what its format says.
        case malformed
        /// A tensor is missing, unexpected, or of another shape or type than the model's.
        case mismatch
        /// The file asks for something this engine does not compute.
        case unsupported
        /// A file could not be written.
        case unwritable
    }

    /// The kind of error.
    public let code: Code
    /// What, where and how to mend it, on one line.
    public let description: String

    /// An error of this kind with a line a person can act on.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
