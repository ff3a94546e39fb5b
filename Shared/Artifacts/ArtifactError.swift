// Copyright the Mellama authors. SPDX-License-Identifier: Apache-2.0

/// Why an artifact could not be kept or found. It names files and ids, never content.
public struct ArtifactError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// No such artifact, entry or source file.
        case notFound
        /// A name that leads elsewhere: `..`, an absolute path, a link, a control character.
        case badName
        /// The volume is full, or a quota or size limit is reached.
        case noSpace
        /// A later attempt of the same job has published already.
        case staleFence
        /// More bytes or files than are allowed.
        case tooLarge
        /// What is stored is not what this version writes.
        case malformed
        /// Any other refusal by the operating system.
        case storage
    }

    public let code: Code
    /// What was being done, such as `publish`.
    public let operation: String
    /// What happened, where, and how to mend it.
    public let detail: String

    public init(_ code: Code, operation: String, detail: String) {
        self.code = code
        self.operation = operation
        self.detail = detail
    }

    public var description: String { "\(operation): \(detail)" }
}
