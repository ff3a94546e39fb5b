// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why processes cannot work together: what, where, and how to mend it, in one line.
public struct CollectiveError: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// No Open MPI is installed.
        case unavailable
        /// The ranks cannot be started.
        case notStarted
        /// A rank has ended, or the connection to it.
        case failed
    }

    public let code: Code
    public let description: String

    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    /// How to mend what is missing, for Debian.
    static let remedy = "install libopenmpi3 and openmpi-bin (Open MPI 4.1), or write ranks: 1"
}
