// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// What can go wrong with memory, shapes and the machine.
public struct TensorError: Error, Sendable, CustomStringConvertible {
    /// The kind of error, for code that decides by it.
    public enum Code: Sendable {
        /// The operating system refused the memory.
        case outOfMemory
        /// This machine does not have what was asked for.
        case unavailable
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
